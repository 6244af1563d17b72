import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import { command } from "../../src/cli/explain";
import { Interrupted } from "../../src/errors/index";
import { histoHere } from "../support/histo";
import { tile, writeModel } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";

test("histo explain writes a picture and the numbers of each image, and names those it cannot read", async (context) => {
  const directory = await temporaryDirectory(context);
  const model = await writeModel(join(directory, "mlp"));
  await writeFile(join(directory, "a.png"), await tile(1));
  await writeFile(join(directory, "b.png"), await tile(2));
  await writeFile(join(directory, "broken.png"), (await tile(3)).subarray(0, 90));
  const out = join(directory, "out");
  const images = ["a.png", "b.png", "broken.png"].map((name) => join(directory, name));
  const more = await temporaryDirectory(context);
  await writeFile(join(more, "c.bmp"), "");
  await symlink("/nowhere/d.png", join(more, "d.png"));
  const given = ["--model", model, "--images", ...images, more, "--out", out, "--grid", "4", "--json"];
  const { status, stdout, stderr } = await histoHere("explain", ...given);
  assert.equal(status, 1);
  assert.match(stderr, /broken\.png/);
  assert.match(stderr, /c\.bmp is of a format that is not read/);
  assert.match(stderr, /d\.png cannot be read/);
  const { scales } = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
  assert.deepEqual((await readdir(out)).sort(), [
    "a.png.heatmap.json",
    "a.png.heatmap.png",
    "b.png.heatmap.json",
    "b.png.heatmap.png",
  ]);
  const told = JSON.parse(await readFile(join(out, "a.png.heatmap.json"), "utf8"));
  assert.equal(told.maps[0].method, "occlusion");
  assert.equal(told.maps[0].contributions.length, 16);
  const strongest = Math.max(...told.maps[0].contributions.map(Math.abs));
  assert.ok(strongest > 0 && strongest <= scales.occlusion, "one scale holds all images");
  assert.equal(told.maps[0].scale, scales.occlusion);
  const { data, info } = await sharp(join(out, "a.png.heatmap.png"))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const black = Array.from({ length: data.length / 3 }, (_, i) => i).filter((i) => data[i * 3] === 0);
  assert.ok(
    black.some((i) => i % info.width > 340),
    "the strongest parts have black outlines",
  );
});

test("histo explain leaves no folder if it can read none of the images", async (context) => {
  const directory = await temporaryDirectory(context);
  const model = await writeModel(join(directory, "mlp"));
  const [broken, out] = [join(directory, "broken.png"), join(directory, "out")];
  await writeFile(broken, "none");
  const { status } = await histoHere("explain", "--model", model, "--images", broken, "--out", out);
  assert.equal(status, 1);
  assert.equal(existsSync(out), false);
});

test("histo explain writes its files for images with the longest names, in folders too", async (context) => {
  const directory = await temporaryDirectory(context);
  const model = await writeModel(join(directory, "mlp"));
  const images = join(directory, "images");
  const [long, folder] = [`${"ö".repeat(125)}.png`, "f".repeat(150)];
  await mkdir(join(images, folder), { recursive: true });
  await writeFile(join(images, long), await tile(1));
  for (const name of ["1", "2"]) await writeFile(join(images, folder, `${"n".repeat(200)}${name}.png`), await tile(2));
  const out = join(directory, "out");
  const { status, stdout, stderr } = await histoHere(
    ...["explain", "--model", model, "--images", images, "--out", out, "--grid", "2", "--json"],
  );
  assert.equal(status, 0, stderr);
  const answer = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
  const named = answer.images.flatMap(({ picture, json }: { picture: string; json: string }) => [picture, json]);
  assert.deepEqual((await readdir(out)).map((name) => join(out, name)).sort(), named.sort());
  assert.equal(named.length, 6);
});

test("histo explain that is stopped keeps the pictures so far, and calls no image a failure", async (context) => {
  const directory = await temporaryDirectory(context);
  const model = await writeModel(join(directory, "mlp"));
  const images = ["a.png", "b.png", "c.png"].map((name) => join(directory, name));
  for (const [i, path] of images.entries()) await writeFile(path, await tile(i));
  const controller = new AbortController();
  const { signal } = controller;
  const task = { update: () => controller.abort(new Interrupted()), finish: () => undefined };
  const said: string[] = [];
  const progress = { say: (line: string) => void said.push(line), start: () => task };
  const out = join(directory, "out");
  const options = { model, images, out, grid: 2, scale: undefined, threads: undefined };
  const result = await command.run(options, { args: [], flags: {}, progress, signal, json: true });
  assert.deepEqual(result.failed, []);
  assert.deepEqual(said, ["Stopped after 1 of 3 images."]);
  assert.deepEqual(
    result.images.map(({ filename }) => filename),
    ["a.png"],
  );
});

test("images whose names differ only by a folder or an underscore keep pictures of their own", async (context) => {
  const directory = await temporaryDirectory(context);
  const model = await writeModel(join(directory, "mlp"));
  const [images, out] = [join(directory, "images"), join(directory, "out")];
  await mkdir(join(images, "a"), { recursive: true });
  await writeFile(join(images, "a", "b.png"), await tile(1));
  await writeFile(join(images, "a_b.png"), await tile(2));
  const { status, stderr } = await histoHere("explain", "--model", model, "--images", images, "--out", out);
  assert.equal(status, 0, stderr);
  const told = (await readdir(out)).filter((name) => name.endsWith(".json"));
  const named = await Promise.all(
    told.map(async (name) => JSON.parse(await readFile(join(out, name), "utf8")).filename),
  );
  assert.deepEqual(named.sort(), ["a/b.png", "a_b.png"]);
});
