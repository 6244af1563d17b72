import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { type Explanation, explanationPicture, type HeatMap, scalesFor } from "../../src/explanation/index";

const EDGE = 100;

/** A white tile whose class activation is fifty times as strong as its occlusion, as those of convolutional networks are. */
function explained(strength: number): Explanation {
  const map = (method: HeatMap["method"], most: number): HeatMap => ({
    method,
    grid: 2,
    contributions: [most, 0, 0, 0],
  });
  return {
    pixels: new Uint8Array(8 * 8 * 3).fill(255),
    size: 8,
    logit: 1,
    maps: [map("occlusion", strength), map("class-activation", -50 * strength)],
  };
}

/** The colour of the first part of a heat map. @param panel 1 is the first map */
async function colourIn(picture: Buffer, panel: number): Promise<readonly number[]> {
  const { data, info } = await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (40 * info.width + 12 + panel * (EDGE + 12) + 25) * 3;
  return [...data.subarray(at, at + 3)];
}

test("each method has one scale for all tiles, which holds the strongest of them", () => {
  assert.deepEqual(scalesFor([explained(0.03), explained(0.15)]), { occlusion: 0.2, "class-activation": 10 });
  assert.deepEqual(scalesFor([]), {});
});

test("weak occlusion is as plain as strong class activation, on scales of their own", async () => {
  const one = explained(0.1);
  const options = { classes: ["HP", "SSA"] as const, edge: EDGE };
  const own = await explanationPicture(one, { ...options, scales: scalesFor([one]) });
  const [orange, blue] = [await colourIn(own, 1), await colourIn(own, 2)];
  assert.ok(orange[0]! - orange[2]! > 150, `the end of the scale is orange: ${orange}`);
  assert.ok(blue[2]! - blue[0]! > 80, `the other end is blue: ${blue}`);
  const shared = await explanationPicture(one, { ...options, scales: { occlusion: 5, "class-activation": 5 } });
  const faint = await colourIn(shared, 1);
  assert.ok(faint[0]! - faint[2]! < 30, `on the scale of the other method it is faint: ${faint}`);
});
