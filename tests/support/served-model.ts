/** @module Small real models and tiles for tests of the service, made without TensorFlow. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Prediction, writePredictions } from "../../src/evaluation/index";
import { exportRun } from "../../src/export/index";
import type { Familiarity } from "../../src/familiar/index";
import { writeJson, writeSafetensors } from "../../src/files/index";
import { encodePng } from "../../src/image/with-sharp";
import { Random } from "../../src/random/index";
import { RunDirectory } from "../../src/runs/index";

export interface TestModel {
  readonly name?: string;
  readonly size?: number;
  /** Edge length of its training images before they were resized. */
  readonly tileEdge?: number;
  readonly hidden?: readonly number[];
  readonly threshold?: number;
  readonly seed?: number;
  readonly variant?: "fp32" | "int8";
  /** What it answered on validation. */
  readonly validation?: readonly Prediction[];
  /** Whether its card says that its tiles were drawn; unless told it does not say what they were. */
  readonly drawn?: boolean;
  /** Statistics of its training tiles; it has none unless given. */
  readonly familiar?: Familiarity;
}

/** Writes the run of an MLP with random weights and exports it to `directory`, golden example included. */
export async function writeModel(
  directory: string,
  {
    name = "mlp",
    size = 32,
    tileEdge = size,
    hidden = [24, 8],
    threshold = 0.4,
    seed = 1,
    variant = "fp32",
    validation,
    drawn,
    familiar,
  }: TestModel = {},
): Promise<string> {
  const run = new RunDirectory(join(`${directory}-run`, name));
  const widths = [size * size * 3, ...hidden, 1];
  await writeJson(run.config, {
    data: "synthetic",
    classes: ["HP", "SSA"],
    positive: "SSA",
    size,
    preprocessing: {
      ...{ size, resize: "crop", mean: [0.738, 0.649, 0.775], std: [0.197, 0.244, 0.17] },
      ...(tileEdge !== size && { tileEdge }),
    },
    model: name,
    seed,
    threshold,
    ...(drawn !== undefined && { drawn, tiles: { train: 2, validation: 1, test: 1 } }),
  });
  await writeJson(run.topology, topologyOf(size, widths));
  const random = new Random(seed, "weights");
  const tensors = widths.slice(1).flatMap((units, i) => {
    const inputs = widths[i] as number;
    const kernel = Float32Array.from({ length: inputs * units }, () => random.normal(0, 1.4 / Math.sqrt(inputs)));
    const bias = Float32Array.from({ length: units }, () => random.normal(0, 0.1));
    return [
      { name: `dense_${i + 1}/kernel`, shape: [inputs, units], data: () => kernel },
      { name: `dense_${i + 1}/bias`, shape: [units], data: () => bias },
    ];
  });
  await writeSafetensors(run.bestWeights, tensors);
  if (validation) await writePredictions(run.predictions("validation"), validation);
  if (familiar) await writeJson(run.familiar, familiar);
  await exportRun({ run: run.path, out: directory, variant });
  return directory;
}

function topologyOf(size: number, widths: readonly number[]): object {
  const dense = widths.slice(1).map((units, i) => ({
    class_name: "Dense",
    config: { name: `dense_${i + 1}`, units, activation: i === widths.length - 2 ? "linear" : "relu", use_bias: true },
  }));
  const flatten = {
    class_name: "Flatten",
    config: { name: "flatten", batch_input_shape: [null, size, size, 3], dtype: "float32" },
  };
  return { class_name: "Sequential", config: { name: "mlp", layers: [flatten, ...dense] }, backend: "tensorflow.js" };
}

/** A tile's PNG: random blocks in the colours of H&E, never the same for two seeds. */
export function tile(seed: number, size = 32): Promise<Buffer> {
  const random = new Random(seed, "tile");
  const colours = Array.from({ length: 64 }, () => [
    180 + random.integer(60),
    120 + random.integer(100),
    170 + random.integer(60),
  ]);
  const pixels = new Uint8Array(size * size * 3);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const block = Math.floor((y * 8) / size) * 8 + Math.floor((x * 8) / size);
      pixels.set(colours[block] as number[], (y * size + x) * 3);
    }
  }
  return encodePng(pixels, size, size);
}

/** A data set in MHIST's layout: `annotations.csv` and `images/MHIST_aaa.png` onwards. */
export async function writeTiles(directory: string, count = 6, size = 32): Promise<string> {
  await mkdir(join(directory, "images"), { recursive: true });
  const rows = ["Image Name,Majority Vote Label,Number of Annotators who Selected SSA (Out of 7),Partition"];
  for (let i = 0; i < count; i++) {
    const name = `MHIST_${[26 * 26, 26, 1].map((unit) => String.fromCharCode(97 + (Math.floor(i / unit) % 26))).join("")}.png`;
    await writeFile(join(directory, "images", name), await tile(i, size));
    const votes = (i * 3) % 8;
    rows.push(`${name},${votes > 3 ? "SSA" : "HP"},${votes},${i % 3 === 2 ? "test" : "train"}`);
  }
  await writeFile(join(directory, "annotations.csv"), `${rows.join("\n")}\n`);
  return directory;
}
