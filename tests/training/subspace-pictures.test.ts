import assert from "node:assert/strict";
import { test } from "node:test";
import { runLearningRateRange, subspacePictures } from "../../src/training/index";
import { drawnSet } from "../support/data-sets";

test("more directions bring a tile nearer to itself, and a range test runs on the same options", async () => {
  const data = await drawnSet({ images: 40, size: 32, seed: 4 });
  const pictures = await subspacePictures({ data, size: 32, rank: 40 });
  const [name] = pictures.tiles;
  const tile = pictures.tile(name!);
  const errors = [0, 8, 40].map((rank) => {
    const picture = pictures.reconstruction(name!, rank);
    return Math.sqrt(picture.reduce((sum, value, i) => sum + (value - tile[i]!) ** 2, 0) / tile.length);
  });
  assert.ok(errors[0]! > errors[1]! && errors[1]! > errors[2]!, `errors ${errors}`);
  const direction = pictures.direction(0);
  assert.ok(direction.includes(0) || direction.includes(255), "the largest deviation is black or white");

  const { points, suggestion } = await runLearningRateRange({ data, size: 32, hidden: [16], batch: 8 }, { steps: 40 });
  assert.ok(points.length > 10 && points.length <= 40);
  assert.ok(suggestion > 1e-7 && suggestion < 1);
});
