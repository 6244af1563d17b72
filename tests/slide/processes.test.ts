import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import sharp from "sharp";
import { projectRoot } from "../../src/files/index";
import { predictSlide } from "../../src/slide/index";
import { writeModel } from "../support/served-model";
import { picture, writeSlide } from "../support/slide-files";
import { temporaryDirectory } from "../support/temporary-directory";

/** A slide of tissue with a model of tiles of 32 pixels. */
async function workspace(t: TestContext, side: number, hidden = [24, 8]) {
  const directory = await temporaryDirectory(t);
  const path = await writeSlide(join(directory, "slide.tif"), [picture(side, side)], { deflate: true });
  const model = await writeModel(join(directory, "model"), { size: 32, hidden });
  const out = join(directory, "out");
  return { path, model, out, run: () => predictSlide(path, { model, out, mpp: 0.5, workers: 1 }) };
}

/** The processes of a program that a process has started. */
function childrenOf(parent: number, program: string): number[] {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim().split(" ");
  return children.map(Number).filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(program));
}

test("a picture is no longer cut when the process that wants it is killed", {
  skip: process.platform !== "linux",
}, async (t) => {
  const directory = await temporaryDirectory(t);
  const large = join(directory, "large.jpg");
  await sharp({ create: { width: 14_000, height: 14_000, channels: 3, background: "pink" } })
    .jpeg()
    .toFile(large);
  const code = `require(${JSON.stringify(join(projectRoot(), "dist", "src", "slide", "index.js"))}).openSlideReader(${JSON.stringify(large)}, ${JSON.stringify(directory)})`;
  const child = spawn(process.execPath, ["-e", code], { stdio: "ignore" });
  while (!existsSync(join(directory, "pyramid.tif.part"))) await sleep(5);
  const [cutter] = childrenOf(child.pid as number, "slide/cut-main") as [number];
  child.kill("SIGKILL");
  // The command line of a process that has ended and that nobody has asked about is empty.
  const commandLine = `/proc/${cutter}/cmdline`;
  const isThere = () => existsSync(commandLine) && readFileSync(commandLine, "utf8") !== "";
  const killed = performance.now();
  while (isThere() && performance.now() - killed < 2000) await sleep(20);
  assert.ok(!isThere());
});

/** Processor time of a process in seconds, in the clock ticks of Linux. */
function processorSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

test("what a worker used before it crashed counts too", { skip: process.platform !== "linux" }, async (t) => {
  const { out, run } = await workspace(t, 1600, [2048, 64]);
  const journal = join(out, "answers.jsonl");
  const running = run();
  const blocks = () => (existsSync(journal) ? readFileSync(journal, "utf8").split("\n").length - 2 : 0);
  // Of sixteen.
  while (blocks() < 12) await sleep(2);
  const [pid] = childrenOf(process.pid, "slide/worker-main") as [number];
  const before = processorSecondsOf(pid);
  process.kill(pid, "SIGKILL");
  const { processorSeconds } = await running;
  assert.ok(processorSeconds > before, `${processorSeconds} s, ${before} s of them before the crash`);
});

test("a folder is written by one process at a time, and free again after it", async (t) => {
  const { path, model, out, run } = await workspace(t, 600, [1024, 64]);
  const running = run();
  while (!existsSync(join(out, "answers.jsonl"))) await sleep(2);
  const second = [path, "--model", model, "--out", out, "--mpp", "0.5", "--resume", "--quiet"];
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(projectRoot(), "bin", "histo.cjs"), "slide", ...second],
    {
      encoding: "utf8",
    },
  );
  assert.equal(status, 2);
  assert.match(stderr, /^histo: --out: .*out is in use by another process \(\d+\); wait .*\n$/);
  await running;
  assert.deepEqual((await readdir(out)).sort(), ["heatmap.png", "slide.json", "tiles.csv", "tiles.geojson"]);
});

test("parts of results that a killed process has left are removed", async (t) => {
  const { out, run } = await workspace(t, 128);
  await mkdir(out);
  const left = join(out, "tiles.geojson.tmp-99999999-1");
  await writeFile(left, "half");
  await utimes(left, new Date(0), new Date(0));
  await run();
  assert.deepEqual((await readdir(out)).sort(), ["heatmap.png", "slide.json", "tiles.csv", "tiles.geojson"]);
});

test("the interval of tiles that are all neighbours is unknown", async (t) => {
  const { run } = await workspace(t, 128);
  const { positiveShare, positiveShareCi95 } = await run();
  assert.ok(positiveShare !== null);
  assert.equal(positiveShareCi95, null);
});
