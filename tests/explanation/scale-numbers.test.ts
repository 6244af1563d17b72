/** The numbers below a heat map's colour scale, as drawn. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createCanvas, TEXT_FONT } from "../../src/canvas/index";
import { drawScale, HEAT_MAP_COLOURS } from "../../src/explanation/drawing";

/** Least number of blank pixel columns between two numbers; those between digits are narrower. */
const BLANK = 8;

/** How many numbers can be told apart below a scale. */
async function numbersBelow(width: number): Promise<number> {
  const canvas = await createCanvas(width, 40);
  const context = canvas.getContext("2d");
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, width, 40);
  const look = { scale: 0.5, opacity: 0.7, colours: HEAT_MAP_COLOURS, classes: ["a", "b"], ink: "#000000" };
  drawScale(context, { x: 0, y: 0, width, font: TEXT_FONT, ...look });
  const { data } = context.getImageData(0, 18, width, 13);
  let numbers = 0;
  let blank = BLANK;
  for (let x = 0; x < width; x++) {
    const hasInk = Array.from({ length: 13 }, (_, y) => data[4 * (y * width + x)] as number).some((red) => red < 160);
    if (hasInk && blank >= BLANK) numbers++;
    blank = hasInk ? 0 : blank + 1;
  }
  return numbers;
}

test("the numbers of a scale stand apart: five where there is room, else three", async () => {
  assert.equal(await numbersBelow(320), 5);
  assert.equal(await numbersBelow(210), 3);
  assert.equal(await numbersBelow(160), 3);
});
