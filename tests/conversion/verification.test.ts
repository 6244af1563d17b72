/** What the comparison of an exported graph with the trained network notices. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { readTrainedRun, requireEqualLogits, verifyGraph } from "../../src/conversion/index";
import { ExternalData, GraphBuilder } from "../../src/onnx/index";
import { Random } from "../../src/random/index";
import { temporaryDirectory, writeRun } from "../support/trained-run";

const SIZE = 4;

test("a graph that gives no number for one of the tiles is not taken for an equal one", async (t) => {
  const directory = await temporaryDirectory(t);
  const graph = new GraphBuilder(new ExternalData(directory, "unused.data"));
  // The root of the mean less 100: NaN for the dark tile, which is not the last.
  const mean = graph.node("ReduceMean", [graph.cast("float32", "pixels"), await graph.integers([1, 2, 3])], {
    keepdims: 0,
  });
  const root = graph.node("Sqrt", [graph.node("Sub", [mean, await graph.scalar("least", 100)])]);
  graph.name(await graph.reshape(root, [-1, 1]), "logit");
  const bytes = await graph.encode(
    [{ name: "pixels", type: "uint8", shape: ["n", SIZE, SIZE, 3] }],
    [{ name: "logit", type: "float32", shape: ["n", 1] }],
  );
  await writeFile(join(directory, "model.onnx"), bytes);
  const layers = [tf.layers.flatten({ inputShape: [SIZE, SIZE, 3] }), tf.layers.dense({ units: 1 })];
  const files = await writeRun(join(directory, "run"), tf.sequential({ layers }));
  const run = await readTrainedRun(files.path);
  const levels = [100, 50, 200, 104];
  const pixels = Uint8Array.from({ length: levels.length * SIZE * SIZE * 3 }, (_, i) => {
    return levels[Math.floor(i / (SIZE * SIZE * 3))] as number;
  });
  const tiles = { paths: ["a", "b", "c", "d"], labels: [0, 0, 1, 1] as const, logits: [0, 0, 10, 2] };
  const verification = await verifyGraph(directory, run, tiles, [pixels], true);
  assert.ok(Number.isNaN(verification.maxDeviation));
  assert.throws(() => requireEqualLogits(verification, tiles, run.config), { code: "EXPORT_DIFFERS" });
});

test("the tiles of a patient count as dependent in the interval of what an export changes", async (t) => {
  const directory = await temporaryDirectory(t);
  const graph = new GraphBuilder(new ExternalData(directory, "unused.data"));
  const mean = graph.node("ReduceMean", [graph.cast("float32", "pixels"), await graph.integers([1, 2, 3])], {
    keepdims: 0,
  });
  graph.name(await graph.reshape(mean, [-1, 1]), "logit");
  const bytes = await graph.encode(
    [{ name: "pixels", type: "uint8", shape: ["n", SIZE, SIZE, 3] }],
    [{ name: "logit", type: "float32", shape: ["n", 1] }],
  );
  await writeFile(join(directory, "model.onnx"), bytes);
  const layers = [tf.layers.flatten({ inputShape: [SIZE, SIZE, 3] }), tf.layers.dense({ units: 1 })];
  const run = await readTrainedRun((await writeRun(join(directory, "run"), tf.sequential({ layers }))).path);
  const random = new Random(4);
  const groups = Uint32Array.from({ length: 48 }, (_, i) => Math.floor(i / 6));
  const labels = Array.from(groups, (group) => (group % 2) as 0 | 1);
  const levels = labels.map((label) => 100 + 20 * label + random.integer(60));
  // The trained network has another opinion of some patients.
  const logits = levels.map((level, i) => level + ((groups[i] as number) % 3 === 0 ? -25 : 10));
  const pixels = Uint8Array.from(
    { length: 48 * SIZE * SIZE * 3 },
    (_, i) => levels[Math.floor(i / (SIZE * SIZE * 3))] as number,
  );
  const width = async (ofPatients?: Uint32Array) => {
    const tiles = { paths: levels.map(String), labels, logits, groups: ofPatients };
    const [low, high] = (await verifyGraph(directory, run, tiles, [pixels], true)).rocAucDropCi95 as [number, number];
    return high - low;
  };
  assert.ok((await width(groups)) > 1.3 * (await width()), `${await width(groups)}, ${await width()}`);
});
