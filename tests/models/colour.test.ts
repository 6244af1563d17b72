import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planTiles, TilePainter } from "../../src/dataset/synthetic/index";
import { binaryMetrics } from "../../src/evaluation/index";
import { ColourFeatures, colourFeatureCount, measureColours } from "../../src/models/index";
import { tf } from "../../src/tensorflow/index";
import { fitLogistic } from "../support/logistic";

/** A new layer's features: shift 0, scale 1. */
function layerFeatures(values: Float32Array, size: number, standardization: { mean: Triple; std: Triple }) {
  const layer = new ColourFeatures(standardization);
  return tf.tidy(() => {
    const features = layer.apply(tf.tensor4d(values, [1, size, size, 3])) as tf.Tensor;
    return features.dataSync() as Float32Array;
  });
}

type Triple = readonly [number, number, number];

describe("measureColours", () => {
  const size = 32;
  const tile = new TilePainter(1, size).paint({ index: 2, severity: 0.7 });
  const features = measureColours(tile, size, size);

  it("gives numbers for a tile of one pixel, which has no neighbours", () => {
    assert.ok(measureColours(Uint8Array.of(200, 100, 150), 1, 1).every(Number.isFinite));
  });

  it("counts pixels above 15 levels of red, green, blue and their differences", () => {
    assert.equal(features.length, colourFeatureCount(size));
    for (let i = 0; i < 15; i++) {
      const level = 16 * (i + 1);
      const count = [0, 0, 0, 0, 0, 0];
      for (let p = 0; p < tile.length; p += 3) {
        const [r, g, b] = [tile[p]!, tile[p + 1]!, tile[p + 2]!];
        const channels = [r, g, b, (r - g + 255) / 2, (g - b + 255) / 2, (r - b + 255) / 2];
        channels.forEach((value, c) => {
          if (value >= level) count[c] = count[c]! + 1;
        });
      }
      for (let c = 0; c < 6; c++) assert.ok(features[i * 6 + c] === Math.fround(count[c]! / size ** 2));
    }
  });

  it("are the same for a turned and mirrored tile", () => {
    const turned = new Uint8Array(tile.length);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        for (let c = 0; c < 3; c++) turned[(x * size + y) * 3 + c] = tile[(y * size + (size - 1 - x)) * 3 + c]!;
      }
    }
    assert.deepEqual(measureColours(turned, size, size), features);
  });

  it("are found again by the layer, however the pixels are standardized, and where an image was resized to fractions", () => {
    const mean = [0.7, 0.6, 0.8] as const;
    const std = [0.2, 0.25, 0.15] as const;
    const standardized = (offset: (i: number) => number) =>
      Float32Array.from(tile, (byte, i) => ((byte + offset(i)) / 255 - mean[i % 3]!) / std[i % 3]!);
    for (const offset of [() => 0, (i: number) => 0.49 * Math.sin(i)]) {
      assert.deepEqual(layerFeatures(standardized(offset), size, { mean, std }), features);
    }
  });
});

describe("synthetic tiles", () => {
  it("are not told apart by their colours: histograms reach a test AUC below 0.75", () => {
    const size = 40;
    const plan = planTiles(500, 0);
    const painter = new TilePainter(0, size);
    const width = 6 * 15;
    const rows = { train: [] as number[], test: [] as number[] };
    const labels = { train: [] as number[], test: [] as number[] };
    for (const tile of plan) {
      rows[tile.partition].push(...measureColours(painter.paint(tile), size, size).subarray(0, width));
      labels[tile.partition].push(tile.label === "SSA" ? 1 : 0);
    }
    const deviations = Array.from({ length: width }, (_, j) => {
      const column = rows.train.filter((_, i) => i % width === j);
      const mean = column.reduce((a, b) => a + b) / column.length;
      return Math.sqrt(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length) || 1;
    });
    const scaled = (values: number[]) => values.map((value, i) => value / deviations[i % width]!);
    const { weights } = fitLogistic(scaled(rows.train), labels.train);
    const test = scaled(rows.test);
    const scores = labels.test.map((_, i) => weights.reduce((sum, w, j) => sum + w * test[i * width + j]!, 0));
    const { rocAuc } = binaryMetrics(labels.test, scores, { threshold: 0.5, logits: true });
    assert.ok(rocAuc < 0.75, `AUC ${rocAuc}`);
    assert.ok(rocAuc > 0.4, `AUC ${rocAuc}`);
  });
});
