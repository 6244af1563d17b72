/** Exported graphs through ONNX's own tools: the checker, its reference implementation, and Python's onnxruntime. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { peerPython } from "../../bench/python-peers";
import { CARD_PAGE } from "../../src/card-page/index";
import { writePredictions } from "../../src/evaluation/index";
import { exportRun, type Variant } from "../../src/export/index";
import { readJson } from "../../src/files/index";
import { Predictor } from "../../src/inference/index";
import type { ModelCard } from "../../src/model-directory/index";
import { temporaryDirectory } from "../support/temporary-directory";
import { writeTileFolder } from "../support/tile-folder";
import { layersModelLogits, randomizeWeights, randomPixels, writeRun } from "../support/trained-run";

const SIZE = 24;
const COUNT = 4;
const { layers } = tf;

const PROGRAM = `
import json, sys
import numpy, onnx, onnxruntime
from onnx.reference import ReferenceEvaluator
path, pixels = sys.argv[1], numpy.fromfile(sys.argv[2], numpy.uint8).reshape(-1, ${SIZE}, ${SIZE}, 3)
onnx.checker.check_model(path, full_check=True)
session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
answer = {"onnxruntime": session.run(["logit"], {"pixels": pixels})[0][:, 0].tolist()}
model = onnx.load(path)
standard = all(node.domain == "" for node in model.graph.node)
if standard:
    answer["reference"] = ReferenceEvaluator(model).run(["logit"], {"pixels": pixels})[0][:, 0].tolist()
print(json.dumps({"standard": standard, "answers": answer}))
`;

function mlp(): tf.LayersModel {
  return tf.sequential({
    layers: [
      layers.flatten({ inputShape: [SIZE, SIZE, 3] }),
      layers.dense({ units: 200, activation: "relu" }),
      layers.dense({ units: 90, activation: "relu" }),
      layers.dense({ units: 1 }),
    ],
  });
}

function cnn(): tf.LayersModel {
  const input = tf.input({ shape: [SIZE, SIZE, 3] });
  const convolve = (x: tf.SymbolicTensor, filters: number, strides: number) =>
    [
      layers.conv2d({ filters, kernelSize: 3, strides, padding: "same", useBias: false }),
      layers.batchNormalization(),
      layers.reLU(),
    ].reduce((value, layer) => layer.apply(value) as tf.SymbolicTensor, x);
  const trunk = convolve(convolve(input, 8, 2), 8, 1);
  const joined = layers.add().apply([trunk, convolve(trunk, 8, 1)]) as tf.SymbolicTensor;
  const pooled = layers.globalAveragePooling2d({ dataFormat: "channelsLast" }).apply(joined) as tf.SymbolicTensor;
  return tf.model({ inputs: input, outputs: layers.dense({ units: 1 }).apply(pooled) as tf.SymbolicTensor });
}

async function exported(t: TestContext, model: tf.LayersModel, variant: Variant): Promise<string> {
  const directory = await temporaryDirectory(t);
  const data = join(directory, "data");
  const tiles = (await writeTileFolder(data, 40, SIZE)).filter((_, i) => i % 2 === 0);
  const pixels = Buffer.concat(tiles.map((tile) => tile.pixels));
  const files = await writeRun(join(directory, "run"), randomizeWeights(model), { data });
  const logits = layersModelLogits(model, pixels, tiles.length);
  await writePredictions(
    files.predictions("validation"),
    tiles.map(({ name }, i) => ({ filename: name, label: i % 2 === 0 ? 1 : 0, logit: logits[i]!, probability: 0.5 })),
  );
  await exportRun({ run: join(directory, "run"), out: join(directory, "model"), variant });
  return join(directory, "model");
}

const cases: readonly [string, () => tf.LayersModel, Variant][] = [
  ["an MLP in fp32", mlp, "fp32"],
  ["an MLP in int8", mlp, "int8"],
  ["a compact MLP", mlp, "compact"],
  ["a CNN in fp32", cnn, "fp32"],
  ["a CNN in int8", cnn, "int8"],
];

for (const [name, build, variant] of cases) {
  test(`${name} passes onnx.checker and gives the same logits in Python`, async (t) => {
    const python = await peerPython(["numpy", "onnx>=1.17", "onnxruntime>=1.20", "pillow"]);
    const model = await exported(t, build(), variant);
    const pixels = randomPixels(COUNT, SIZE);
    await mkdir(join(model, "..", "input"));
    const input = join(model, "..", "input", "pixels.bin");
    await writeFile(input, pixels);
    const output = execFileSync(python, ["-W", "ignore", "-c", PROGRAM, join(model, "model.onnx"), input], {
      encoding: "utf8",
    });
    const page = await readFile(join(model, CARD_PAGE), "utf8");
    const program = /```python\n(.*?)```/s.exec(page)?.[1] ?? assert.fail(`no program in\n${page}`);
    const said = execFileSync(python, ["-W", "ignore", "-c", program], { encoding: "utf8", cwd: model }).trim();
    const { golden, classes, threshold } = await readJson<ModelCard>(join(model, "model.json"));
    const logit = Number(said.split(" ").at(-1));
    assert.ok(golden && Math.abs(logit - golden.logit) <= golden.tolerance, `${said} instead of ${golden?.logit}`);
    assert.ok(said.startsWith(classes[1 / (1 + Math.exp(-logit)) >= threshold ? 1 : 0]), said);

    const { answers, standard } = JSON.parse(output) as { standard: boolean; answers: Record<string, number[]> };
    assert.ok(standard || variant === "compact", "only compact models may use operators beyond the standard");
    const predictor = await Predictor.open(model, { threads: 1 });
    t.after(() => predictor.close());
    const logits = await predictor.predictPixels(pixels, COUNT);
    for (const [tool, values] of Object.entries(answers)) {
      assert.equal(values.length, COUNT);
      for (const [i, value] of values.entries()) {
        const difference = Math.abs(value - (logits[i] as number));
        assert.ok(difference < 1e-3 * (1 + Math.abs(value)), `${tool} gives ${value}, ours ${logits[i]}`);
      }
    }
  });
}
