import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { loadDataset, writeSyntheticDataset } from "../../src/dataset/index";
import { readPredictions } from "../../src/evaluation/index";
import { decodeImage } from "../../src/image/index";
import { Predictor } from "../../src/inference/index";
import { exportRun } from "../../src/onnx/index";
import { modelProto } from "../../src/onnx/schema";
import { Random } from "../../src/random/index";
import { RunDirectory } from "../../src/runs/index";
import { runTraining } from "../../src/training/index";
import { temporaryDirectory } from "../support/temporary-directory";

const SIZE = 32;
const FEATURES = 24;

/** An ONNX feature extractor as other tools export them: float32 NCHW in, `features` out, operator set 17. */
async function writeBackbone(path: string, kind: "vector" | "tokens" | "map"): Promise<void> {
  const Model = await modelProto();
  const random = new Random(3);
  const weights = Float32Array.from({ length: FEATURES * 3 * 25 }, () => random.normal(0, 0.2));
  const info = (name: string, dims: (number | string)[]) => ({
    name,
    type: {
      tensorType: {
        elemType: 1,
        shape: { dim: dims.map((dim) => (typeof dim === "number" ? { dimValue: dim } : { dimParam: dim })) },
      },
    },
  });
  const ints = (name: string, values: number[]) => ({ name, type: 7, ints: values });
  const convolution = { opType: "Conv", input: ["image", "kernel"], output: ["map"], name: "conv" };
  const attribute = [ints("kernel_shape", [5, 5]), ints("strides", [4, 4]), ints("pads", [2, 2, 2, 2])];
  const tails = {
    map: [{ opType: "Relu", input: ["map"], output: ["features"] }],
    vector: [
      { opType: "Relu", input: ["map"], output: ["active"] },
      // ReduceMean takes its axes as an attribute up to operator set 17, as an input from 18 on.
      {
        opType: "ReduceMean",
        input: ["active"],
        output: ["features"],
        attribute: [ints("axes", [2, 3]), { name: "keepdims", type: 2, i: 0 }],
      },
    ],
    tokens: [
      { opType: "Reshape", input: ["map", "tokens_shape"], output: ["flat"] },
      { opType: "Transpose", input: ["flat"], output: ["features"], attribute: [ints("perm", [0, 2, 1])] },
    ],
  };
  const outputs = {
    map: ["n", FEATURES, 8, 8],
    vector: ["n", FEATURES],
    tokens: ["n", 64, FEATURES],
  };
  const bytesOf = (values: Float32Array | BigInt64Array) => new Uint8Array(values.buffer);
  const model = Model.fromObject({
    irVersion: 8,
    opsetImport: [{ domain: "", version: 17 }],
    graph: {
      name: "backbone",
      node: [{ ...convolution, attribute }, ...tails[kind]],
      initializer: [
        { name: "kernel", dims: [FEATURES, 3, 5, 5], dataType: 1, rawData: bytesOf(weights) },
        { name: "tokens_shape", dims: [3], dataType: 7, rawData: bytesOf(BigInt64Array.of(0n, BigInt(FEATURES), -1n)) },
      ],
      input: [info("image", ["n", 3, SIZE, SIZE])],
      output: [info("features", outputs[kind])],
    },
  });
  await writeFile(path, Model.encode(model).finish());
}

for (const kind of ["vector", "tokens", "map"] as const) {
  test(`a head on a frozen backbone that gives a ${kind} becomes one ONNX model`, async (context) => {
    const directory = await temporaryDirectory(context);
    process.env.HISTO_CACHE = join(directory, "cache");
    const [data, file] = [join(directory, "data"), join(directory, "backbone.onnx")];
    await writeSyntheticDataset({ out: data, images: 60, size: SIZE, seed: 4 });
    await writeBackbone(file, kind);
    const run = join(directory, "run");
    const settings = { data, size: SIZE, model: `backbone:${file}`, epochs: 3, lr: 0.01 };
    const result = await runTraining(settings, { run });
    assert.ok(Number.isFinite(result.test.rocAuc));
    const again = await runTraining(settings, { run: join(directory, "again") });
    assert.deepEqual(again.test, result.test, "the cached embeddings are the same");

    await rm(file); // the run holds its own copy
    await exportRun({ run, out: join(directory, "model") });
    const predictor = await Predictor.open(join(directory, "model"), { threads: 1 });
    context.after(() => predictor.close());
    const tiles = new Map((await loadDataset(data)).tiles.map((tile) => [tile.name, tile.path]));
    for (const { filename, logit } of (await readPredictions(new RunDirectory(run).predictions("test"))).slice(0, 5)) {
      const pixels = await decodeImage(tiles.get(filename) as string, { size: SIZE });
      const [answer] = await predictor.predictPixels(pixels, 1);
      assert.ok(Math.abs((answer as number) - logit) < 1e-4, `${answer} for ${logit}`);
    }
  });
}

test("files that cannot be a backbone are refused with the reason", async (context) => {
  const directory = await temporaryDirectory(context);
  const data = join(directory, "data");
  await writeSyntheticDataset({ out: data, images: 20, size: 16 });
  const file = join(directory, "backbone.onnx");
  const attempt = (model: string, size = 16) => runTraining({ data, size, model }, { run: join(directory, "run") });
  await assert.rejects(attempt(`backbone:${file}`), { code: "BACKBONE_MISSING" });
  await writeFile(file, "not a model");
  await assert.rejects(attempt(`backbone:${file}`), { code: "BACKBONE_UNSUPPORTED" });
  await writeBackbone(file, "vector");
  await assert.rejects(attempt(`backbone:${file}`), { code: "BACKBONE_SIZE", message: /--size 32/ });
});
