import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import {
  cnn,
  loadWeights,
  mlp,
  namedWeights,
  parameterCount,
  saveTopology,
  saveWeights,
  vit,
} from "../../src/models/index";
import { tf } from "../../src/tensorflow/index";
import { pythonPath, runPython, withoutPython } from "../support/python";
import { temporaryDirectory } from "../support/temporary-directory";
import { loadTopology } from "../support/topology";

const OPTIONS = { hidden: [12, 5], dropout: 0.5, seed: 4 };

test("the reference network has 360,270,541 parameters", () => {
  const inputs = 150528;
  const layers = [inputs, 2352, 2352, 294, 1];
  const expected = layers.slice(1).reduce((sum, units, i) => sum + units * (layers[i]! + 1), 0);
  assert.equal(expected, 360270541);
  const small = mlp(8, OPTIONS);
  assert.equal(parameterCount(small), 192 * 12 + 12 + 12 * 5 + 5 + 5 + 1);
});

test("weights and topology written and read back give the same model", async (context) => {
  const folder = await temporaryDirectory(context);
  const model = mlp(8, OPTIONS);
  await saveTopology(model, join(folder, "topology.json"));
  await saveWeights(model, join(folder, "weights.safetensors"));
  const again = await loadTopology(join(folder, "topology.json"));
  await loadWeights(again, join(folder, "weights.safetensors"));
  const x = tf.randomNormal([3, 8, 8, 3]);
  assert.deepEqual([...(model.predict(x) as tf.Tensor).dataSync()], [...(again.predict(x) as tf.Tensor).dataSync()]);
});

test("weights of another model are refused", async (context) => {
  const path = join(await temporaryDirectory(context), "weights.safetensors");
  await saveWeights(mlp(8, OPTIONS), path);
  await assert.rejects(loadWeights(mlp(8, { ...OPTIONS, hidden: [12, 6] }), path), { code: "TENSOR_SHAPE" });
  await assert.rejects(loadWeights(mlp(8, { ...OPTIONS, hidden: [12, 5, 2] }), path), { code: "TENSOR_MISSING" });
});

test("Python reads the weights file", { skip: withoutPython() }, async (context) => {
  const path = join(await temporaryDirectory(context), "weights.safetensors");
  const model = mlp(8, OPTIONS);
  await saveWeights(model, path);
  assert.ok(pythonPath());
  // The layout of safetensors in six lines, independent of our reader.
  const program = `
import json, struct, sys, numpy as np
path = json.load(sys.stdin)
raw = open(path, "rb").read(); n = struct.unpack("<Q", raw[:8])[0]; head = json.loads(raw[8:8 + n])
array = lambda e: np.frombuffer(raw[8 + n + e["data_offsets"][0]:8 + n + e["data_offsets"][1]], "<f4").reshape(e["shape"])
print(json.dumps({k: [list(array(e).shape), float(array(e).astype("f8").sum())] for k, e in head.items() if k != "__metadata__"}))`;
  const read = await runPython<Record<string, [number[], number]>>(program, path);
  for (const { name, shape, parts } of namedWeights(model)) {
    const sum = parts.reduce((total, part) => total + (part.dataSync() as Float32Array).reduce((a, b) => a + b, 0), 0);
    assert.deepEqual(read[name]![0], shape);
    assert.ok(Math.abs(read[name]![1] - sum) < 1e-4);
  }
});

const networks = {
  mlp: (seed: number) => mlp(8, { ...OPTIONS, seed }),
  cnn: (seed: number) => cnn(16, { seed }),
  vit: (seed: number) => vit(16, { features: 8, blocks: 2, heads: 2, seed }),
};

for (const [name, build] of Object.entries(networks)) {
  test(`the same seed, also 0, gives a ${name} the same initial weights, another seed others`, () => {
    const values = (seed: number) => namedWeights(build(seed)).flatMap(({ parts }) => [...parts[0]!.dataSync()]);
    for (const seed of [0, 4]) assert.deepEqual(values(seed), values(seed));
    assert.notDeepEqual(values(4), values(5));
  });
}
