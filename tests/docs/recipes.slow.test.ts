import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { freePort } from "../../src/tracking/index";
import { writeBackbone } from "../support/backbone-file";
import { picture, shrunk, writeSlide } from "../support/slide-files";
import { temporaryDirectory } from "../support/temporary-directory";

/** The images that the recipes name, beside the tiles that the first of them draws. */
async function writeImages(directory: string): Promise<void> {
  const tiles = join(directory, "tiles");
  const table = await readFile(join(tiles, "annotations.csv"), "utf8");
  const rows = table.trim().split("\n").slice(1);
  for (const folder of ["folders/tumour", "folders/normal", "table/images"]) {
    await mkdir(join(directory, folder), { recursive: true });
  }
  const lines = rows.map((row, i) => {
    const [name = "", label = ""] = row.split(",");
    return { name, label, patient: `p${i % 40}` };
  });
  for (const { name, label } of lines) {
    const from = join(tiles, "images", name);
    await copyFile(from, join(directory, "folders", label === "SSA" ? "tumour" : "normal", name));
    await copyFile(from, join(directory, "table", "images", name));
  }
  const csv = lines.map(({ name, label, patient }) => `${name},${label},${patient}\n`).join("");
  await writeFile(join(directory, "table", "labels.csv"), `image,label,patient\n${csv}`);
  const slide = picture(256, 192);
  await writeSlide(join(directory, "slide.svs"), [slide, shrunk(slide, 2)]);
}

/** Starts a server, asks it as the recipe does, with the key and without, and stops it. */
async function serveAndAsk(context: TestContext, serve: string, ask: string, directory: string): Promise<void> {
  const port = String(await freePort());
  const server = spawn("bash", ["-c", `exec ${serve.replace("8080", port)}`.replace("exec HISTO", "HISTO")], {
    cwd: directory,
    detached: true,
  });
  context.after(() => server.pid && process.kill(-server.pid));
  const curl = (line: string) =>
    spawnSync("bash", ["-c", `${line} -s --retry 60 --retry-connrefused --retry-delay 1`], {
      cwd: directory,
      encoding: "utf8",
    });
  // Refusals while the model is loading are no part of the answer.
  const answer = curl(`${ask.replace("8080", port)} --fail`);
  assert.ok("probability" in JSON.parse(answer.stdout), answer.stdout);
  const refused = curl(ask.replace("8080", port).replace(/-H "[^"]*" /, ""));
  assert.equal(JSON.parse(refused.stdout).status, 401);
}

test("the commands of docs/recipes.md run as they stand there", async (context) => {
  const directory = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(directory, "cache");
  const histo = `${process.execPath} ${join(projectRoot(), "bin", "histo.cjs")}`;
  const text = await readFile(join(projectRoot(), "docs", "recipes.md"), "utf8");
  const blocks = [...text.matchAll(/```bash\n([\s\S]*?)```/g)].map(([, block = ""]) => block.trim().split("\n"));
  assert.equal(blocks.length, 9);
  const backbone = join(directory, "backbone.onnx");
  await writeBackbone(backbone, "vector");
  for (const block of blocks) {
    const lines = block.map((line) => line.replace("npx histo", histo));
    const [first = "", second = ""] = lines;
    if (first.startsWith("HISTO_API_KEYS")) {
      await serveAndAsk(context, first, second, directory);
      continue;
    }
    for (const line of lines) {
      // Fetching has tests of its own, with a network.
      if (line.includes("backbone fetch")) continue;
      const own = line.replace("backbone:efficientnet-lite0", `backbone:${backbone}`);
      const track = /histo\.cjs (train|evaluate|export) /.test(line) ? " --no-track" : "";
      const { status, stderr } = spawnSync("bash", ["-c", own + track], { cwd: directory, encoding: "utf8" });
      assert.equal(status, 0, `${line}: ${stderr}`);
    }
    if (first.includes("data synth")) await writeImages(directory);
  }
  const written = await readdir(directory);
  for (const file of ["answers.csv", "sensitive.csv", "sensitive.html", "maps", "map"]) {
    assert.ok(written.includes(file), file);
  }
});
