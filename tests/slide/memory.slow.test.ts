/** @module The memory of `histo slide` does not grow with the slide, but for the table of its answers. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import type { SlideResult } from "../../src/slide/index";
import { histoJson } from "../support/histo";
import { writeModel } from "../support/served-model";
import { picture } from "../support/slide-files";
import { temporaryDirectory } from "../support/temporary-directory";

/** Pixels along a tile of the model. */
const SIZE = 96;
const DRAWN = 8 * SIZE;
/**
 * What a tile may add in all processes together: its place, its answer and its row while the results are written, and what
 * the workers' caches need until they are full. Its pixels alone have 27 KiB.
 */
const BYTES_PER_TILE = 9 * 1024;

/** A pyramid of JPEG tiles as many tiles of the model along each side as asked: a drawn square, over and over. */
async function composeSlide(path: string, along: number): Promise<string> {
  const side = along * SIZE;
  const data = Buffer.from(picture(DRAWN, DRAWN).data);
  const raw = { width: DRAWN, height: DRAWN, channels: 3 } as const;
  const density = { xres: 2000, yres: 2000, resolutionUnit: "cm" } as const;
  await sharp({ create: { width: side, height: side, channels: 3, background: "white" }, limitInputPixels: false })
    .composite([{ input: data, raw, tile: true }])
    .removeAlpha()
    .tiff({ tile: true, tileWidth: 256, tileHeight: 256, pyramid: true, compression: "jpeg", ...density })
    .toFile(path);
  return path;
}

test("50,176 tiles take the memory of 7,056 and what their rows need", async (t) => {
  const directory = await temporaryDirectory(t);
  const model = await writeModel(join(directory, "model"), { size: SIZE });
  const results: SlideResult[] = [];
  for (const along of [84, 224]) {
    const slide = await composeSlide(join(directory, "slide.tif"), along);
    const out = join(directory, String(along));
    const args = ["--model", model, "--out", out, "--mpp", "0.5", "--tissue", "0", "--workers", "2", "--quiet"];
    results.push(histoJson<SlideResult>("slide", slide, ...args));
  }
  const [small, large] = results as [SlideResult, SlideResult];
  assert.deepEqual([small.tissueTiles, large.tissueTiles], [7056, 50_176]);
  const mebibytes = ({ peakMemoryBytes }: SlideResult) => Math.round(peakMemoryBytes / 2 ** 20);
  t.diagnostic(
    `${mebibytes(small)} MiB for 7,056 tiles, ${mebibytes(large)} MiB for 50,176, in all processes together`,
  );
  const grown = large.peakMemoryBytes - small.peakMemoryBytes;
  assert.ok(grown < BYTES_PER_TILE * (large.tissueTiles - small.tissueTiles), `${grown} bytes more`);
});
