/**
 * @module What should not depend on the processor, computed in this process and written to `results.json`; see
 * `tests/tensorflow/processors.test.ts`, which runs this under several sets of instructions.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadDataset, openPixelStore, splitValidation, tileStatistics } from "../../src/dataset/index";
import { nearDuplicates } from "../../src/dataset/near-duplicates";
import { TilePainter } from "../../src/dataset/synthetic/index";
import { chooseThreshold } from "../../src/evaluation/index";
import { exportRun } from "../../src/export/index";
import { bytesOf, sha256, writeJson } from "../../src/files/index";
import { augmentationNamed, createAugmentation, fitImage, fitStain, stainNormalizer } from "../../src/image/index";
import { CounterDropout, cnn, measureColours, mlp, namedWeights, saveWeights, vit } from "../../src/models/index";
import { silentProgress } from "../../src/progress/index";
import { runtime, setPrecision, tf } from "../../src/tensorflow/index";
import { standardizedTensor } from "../../src/training/batches";
import { runTraining } from "../../src/training/index";
import { principalBasis } from "../../src/training/subspace/basis";
import { texture, writeCsvSet } from "./data-sets";
import { fitLogistic } from "./logistic";
import { layersModelLogits, preprocessingOf, randomizeWeights, writeRun } from "./trained-run";

/** By name: texts must be equal, numbers close to one another. */
export type ProcessorResults = Readonly<Record<string, string | readonly number[]>>;

const SIZE = 24;
const hash = (values: Uint8Array | Float32Array | Float64Array) => sha256(bytesOf(values));
const textures = Array.from({ length: 32 }, (_, i) => texture(i, SIZE));
const pixels = new Uint8Array(Buffer.concat(textures));

async function images(data: string): Promise<ProcessorResults> {
  const dataset = splitValidation(await loadDataset(data), { seed: 3 });
  const results: Record<string, string | number[]> = {
    partitions: dataset.tiles.map(({ partition }) => partition).join(" "),
  };
  const store = await openPixelStore(dataset, { size: SIZE });
  results.tiles = store.contentHash;
  results["near duplicates"] = JSON.stringify(nearDuplicates(tileStatistics(store)));
  store.close();
  const upright = { width: 50, height: 72, data: texture(9, 60) };
  for (const resize of ["crop", "pad", "stretch"] as const) {
    results[`resized, ${resize}`] = hash(await fitImage(upright, { size: SIZE, resize }));
  }
  const tile = new TilePainter(3, 64).paint({ index: 1, severity: 0.4 });
  const other = new TilePainter(4, 64).paint({ index: 2, severity: 0.8 });
  for (const method of ["macenko", "vahadane", "reinhard"] as const) {
    results[`stain, ${method}`] = hash(stainNormalizer(fitStain(method, other))(tile));
  }
  const augment = createAugmentation(augmentationNamed("crop,jitter,blur,dihedral"), 5);
  for (let epoch = 0; epoch < 4; epoch++) {
    const own = tile.slice();
    augment?.(own, 64, epoch, 0);
    results[`augmentation ${epoch}`] = hash(own);
  }
  return results;
}

/** Weights and masks that seeds name, and what is computed from weights that are given. */
async function networks(directory: string): Promise<ProcessorResults> {
  const options = { hidden: [40, 20], seed: 4 };
  const made = { mlp: mlp(SIZE, options), cnn: cnn(SIZE, { seed: 4 }), vit: vit(SIZE, { seed: 4 }) };
  const results: Record<string, string | number[]> = {};
  for (const [name, model] of Object.entries(made)) {
    const weights = namedWeights(model).flatMap(({ parts }) =>
      parts.map((part) => hash(part.dataSync() as Float32Array)),
    );
    results[`weights, ${name}`] = sha256(weights.join());
  }
  const dropout = new CounterDropout({ rate: 0.3, seed: 2 });
  dropout.step = 5;
  const dropped = dropout.apply(tf.ones([64, 64]), { training: true }) as tf.Tensor;
  results.dropout = hash(dropped.dataSync() as Float32Array);
  const { mean, std } = preprocessingOf(SIZE);
  const shape = [textures.length, SIZE, SIZE, 3];
  results["standardized pixels"] = [...standardizedTensor(pixels, shape, { mean, std }).dataSync().slice(0, 3000)];

  const model = randomizeWeights(mlp(SIZE, { hidden: [300, 20], seed: 4 }));
  const logits = layersModelLogits(model, pixels, textures.length);
  results.logits = [...logits];
  const labels = textures.map((_, i) => (i % 3 === 0 ? 1 : 0));
  const scores = Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit)));
  for (const rule of [{ rule: "balanced-accuracy" }, { rule: "recall", atLeast: 0.8 }] as const) {
    results[`threshold, ${rule.rule}`] = [chooseThreshold(labels, scores, rule).threshold];
  }
  const run = await writeRun(join(directory, "given"), model, { precision: "fp32" });
  await saveWeights(model, run.bestWeights);
  await exportRun({ run: run.path, out: join(directory, "int8"), variant: "int8" });
  for (const file of ["model.onnx", "model.onnx.data"]) {
    results[`8 bits, ${file}`] = sha256(await readFile(join(directory, "int8", file)));
  }
  return results;
}

/** Features and what is fitted to them. */
async function features(): Promise<ProcessorResults> {
  const measured = textures.map((tile) => measureColours(tile, SIZE, SIZE));
  const rows = measured.flatMap((row) => [...row]);
  const labels = textures.map((_, i) => (i % 3 === 0 ? 1 : 0));
  const { weights, bias, penalty } = fitLogistic(rows, labels);
  const store = {
    size: SIZE,
    bytesPerImage: SIZE * SIZE * 3,
    read: (positions: ArrayLike<number>, into: Uint8Array) => {
      for (let i = 0; i < positions.length; i++)
        into.set(textures[positions[i] as number] as Uint8Array, i * SIZE * SIZE * 3);
    },
  } as unknown as Parameters<typeof principalBasis>[0];
  const positions = Uint32Array.from(textures.keys());
  const basis = await principalBasis(store, positions, preprocessingOf(SIZE), {
    rank: 60,
    seed: 1,
    progress: silentProgress,
  });
  return {
    "colour features": hash(Float32Array.from(rows)),
    "logistic regression": hash(Float64Array.from([...weights, bias, penalty])),
    "classes of directions": basis.classes.join(),
    directions: [...basis.directions],
    "mean coordinates": [...basis.mean],
  };
}

/** A training in full precision, which rounding alone may change. */
async function training(data: string, directory: string): Promise<ProcessorResults> {
  const run = join(directory, "run");
  const options = { size: SIZE, hidden: [30], epochs: 3, precision: "fp32", seed: 6 } as const;
  const { validation, test, bestEpoch } = await runTraining({ data, ...options }, { run });
  return {
    "best epoch": String(bestEpoch),
    metrics: [validation.rocAuc, validation.threshold, validation.brier, test.rocAuc, test.brier],
  };
}

/** @param directory for what is written */
async function main(directory: string): Promise<void> {
  setPrecision("fp32");
  const data = await writeCsvSet(join(directory, "data"), 40, 37);
  const results: ProcessorResults = {
    ...(await images(data)),
    ...(await networks(directory)),
    ...(await features()),
    ...(await training(data, directory)),
  };
  await writeJson(join(directory, "results.json"), { isa: runtime.isa ?? "plain", results });
}

void main(process.argv[2] as string);
