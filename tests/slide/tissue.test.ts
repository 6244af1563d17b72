import assert from "node:assert/strict";
import { test } from "node:test";
import { tissueMask } from "../../src/slide/tissue";

const TISSUE = [190, 90, 160];
const GLASS = [243, 242, 244];

/** The mask of a thumbnail drawn with `#` for tissue, as it is drawn. */
function maskOf(...rows: string[]): string[] {
  const [width, height] = [(rows[0] as string).length, rows.length];
  const pixels = Uint8Array.from([...rows.join("")].flatMap((pixel) => (pixel === "#" ? TISSUE : GLASS)));
  const mask = tissueMask({ width, height, pixels, downsample: 1 });
  return rows.map((_, y) => Array.from(mask.subarray(y * width, (y + 1) * width), (value) => ".#"[value]).join(""));
}

test("dust is no tissue, in the middle and at the edges", () => {
  const dust = ["#.......#", ".........", "....##...", ".........", "#.......#"];
  assert.deepEqual(maskOf(...dust), Array(5).fill("........."));
});

test("tissue reaches to the edges of a slide, also of one that is a pixel high", () => {
  const corner = ["##.......", "##.......", ".........", ".......##", ".......##"];
  assert.deepEqual(maskOf(...corner), corner);
  assert.deepEqual(maskOf("....######....#...."), ["....######........."]);
});
