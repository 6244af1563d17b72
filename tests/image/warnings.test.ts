import assert from "node:assert/strict";
import { test } from "node:test";
import { isShrunk, type ResizePolicy } from "../../src/image/index";

test("the side that is resized to the model's size says how much an image is shrunk", () => {
  const shrunk = (width: number, height: number, resize: ResizePolicy, tileEdge = 224) =>
    isShrunk(width, height, { size: 224, resize, tileEdge });
  // Cropped, the shorter side fills the square; padded, the longer one.
  for (const [resize, expected] of [
    ["crop", false],
    ["stretch", false],
    ["pad", true],
  ] as const) {
    assert.equal(shrunk(1000, 200, resize), expected, resize);
    assert.equal(shrunk(200, 1000, resize), expected, resize);
    assert.equal(shrunk(448, 448, resize), false, resize);
    assert.equal(shrunk(449, 449, resize), true, resize);
    assert.equal(shrunk(1000, 1000, resize, 512), false, resize);
  }
});
