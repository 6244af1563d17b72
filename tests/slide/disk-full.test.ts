import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { encodePng } from "../../src/image/with-sharp";
import { predictSlide } from "../../src/slide/index";
import { writeModel } from "../support/served-model";
import { picture, writeSlide } from "../support/slide-files";
import { temporaryDirectory } from "../support/temporary-directory";

/** Whether a small disk can be had here: a tmpfs in a namespace of its own. */
const withoutNamespace =
  spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status !== 0 &&
  "no tmpfs can be mounted here (unshare -rm)";

for (const [size, where] of [
  ["4k", "in the middle of the answers"],
  ["200k", "while the results are written"],
] as const) {
  test(`a disk that is full ${where} is one line, and what was done is kept`, { skip: withoutNamespace }, async (t) => {
    const directory = await temporaryDirectory(t);
    const slide = await writeSlide(join(directory, "slide.tif"), [picture(1600, 1100)]);
    const model = await writeModel(join(directory, "model"));
    const out = join(directory, "out");
    await mkdir(out);
    const program = join(projectRoot(), "bin", "histo.cjs");
    const script = `
      mount -t tmpfs -o size=${size} tmpfs ${out}
      histo() { ${process.execPath} ${program} slide ${slide} --model ${model} --out ${out} --mpp 0.5 --workers 1 --quiet "$@"; }
      histo; echo "status $?"; ls ${out}
      mount -o remount,size=64m ${out}
      histo --resume > /dev/null; echo "status $?"; ls ${out}`;
    const { stdout, stderr } = spawnSync("unshare", ["-rm", "sh", "-c", script], { encoding: "utf8" });
    assert.match(stderr, /^histo: .*no space left; the finished part is kept: free some space and add --resume\.\n$/);
    const [, before = "", after = ""] = stdout.split("status ");
    assert.match(before, /^1\nanswers\.jsonl\n/);
    assert.doesNotMatch(before, /slide\.json/);
    assert.deepEqual(after.trim().split("\n"), ["0", "heatmap.png", "slide.json", "tiles.csv", "tiles.geojson"]);
  });
}

test("a file that may not become larger is one line, and what was done is kept", async (t) => {
  const directory = await temporaryDirectory(t);
  const slide = await writeSlide(join(directory, "slide.tif"), [picture(1600, 1100)]);
  const model = await writeModel(join(directory, "model"));
  const out = join(directory, "out");
  const program = join(projectRoot(), "bin", "histo.cjs");
  const command = `${process.execPath} ${program} slide ${slide} --model ${model} --out ${out} --mpp 0.5 --workers 1 --quiet`;
  // In blocks of 512 bytes.
  const { stdout, stderr } = spawnSync(
    "sh",
    ["-c", `(ulimit -f 8; ${command}); echo $?; ls ${out}; ${command} --resume`],
    {
      encoding: "utf8",
    },
  );
  assert.match(stderr, /^histo: .*out: a file becomes larger than .*; the finished part is kept: .* add --resume\.\n$/);
  assert.match(stdout, /^1\nanswers\.jsonl\nslide\.tif: /);
});

test("a folder that cannot be made is named with its option", {
  skip: !existsSync("/proc/self") && "no /proc",
}, async (t) => {
  const directory = await temporaryDirectory(t);
  const slide = await writeSlide(join(directory, "slide.tif"), [picture(300, 200)]);
  const model = await writeModel(join(directory, "model"));
  const out = "/proc/nowhere";
  await assert.rejects(predictSlide(slide, { model, out, mpp: 0.5 }), { code: "OUT_UNUSABLE", message: /^--out: / });
});

test("finished results are found again on a read-only disk, and without cutting a picture", {
  skip: withoutNamespace,
}, async (t) => {
  const directory = await temporaryDirectory(t);
  const { width, height, data } = picture(640, 480);
  const slide = join(directory, "slide.png");
  await writeFile(slide, await encodePng(data, width, height));
  const model = await writeModel(join(directory, "model"));
  const out = join(directory, "out");
  await mkdir(out);
  const program = join(projectRoot(), "bin", "histo.cjs");
  const script = `
    mount -t tmpfs tmpfs ${out}
    histo() { ${process.execPath} ${program} slide ${slide} --model ${model} --out ${out} --mpp 0.5 --slide-mpp 0.5 --dzi --quiet "$@"; }
    histo > /dev/null; echo "status $?"
    mount -o remount,ro ${out}
    histo --resume; echo "status $?"
    histo --resume --overlap 0.5 > /dev/null; echo "status $?"`;
  const { stdout, stderr } = spawnSync("unshare", ["-rm", "sh", "-c", script], { encoding: "utf8" });
  assert.match(stdout, /^status 0\nslide\.png: .*\n.*\nfinished before; .*out\nstatus 0\nstatus 2\n$/, stderr);
  assert.match(stderr, /^histo: --out: .* cannot be written \(.*EROFS.*\n$/);
});
