/** @module The weights of a model by name, as they are written to disk and read back. */
import { readFile } from "node:fs/promises";
import { InputError } from "../errors/index";
import { SafetensorsFile, type TensorToWrite, writeJson, writeSafetensors } from "../files/index";
import { noteCopy, readValues, tf, variableOf } from "../tensorflow/index";

/** A weight of a model. A very large one may be made of parts: consecutive rows, each a variable of its own. */
export interface NamedWeight {
  /** `layer/weight`, such as `dense_1/kernel`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly parts: readonly tf.Variable[];
}

/** Layers that keep a weight in parts say how they fit together. */
export interface WeightOwner {
  namedWeights(): NamedWeight[];
}

/** All weights of a model, in layer order; names are unique and do not depend on the process. */
export function namedWeights(model: tf.LayersModel): NamedWeight[] {
  return model.layers.flatMap((layer) => (isWeightOwner(layer) ? layer.namedWeights() : plainWeights(layer)));
}

function isWeightOwner(layer: unknown): layer is WeightOwner {
  return typeof (layer as Partial<WeightOwner>).namedWeights === "function";
}

function plainWeights(layer: tf.layers.Layer): NamedWeight[] {
  return layer.weights.map((weight) => {
    const ownName = weight.originalName.split("/").at(-1) ?? weight.originalName;
    return { name: `${layer.name}/${ownName}`, shape: weight.shape as number[], parts: [variableOf(weight)] };
  });
}

/** Number of parameters of a model, trainable or not. */
export function parameterCount(model: tf.LayersModel): number {
  return namedWeights(model).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

/** A network for people: its layer kinds in order with the extent of their last axis, such as `Conv2D 16, Dense 1`. */
export function describeModel(model: tf.LayersModel): string {
  const kinds = ["Conv2D", "SelfAttention", "Dense"];
  return model.layers
    .filter((layer) => kinds.includes(layer.getClassName()))
    .map((layer) => `${layer.getClassName()} ${(layer.outputShape as tf.Shape).at(-1)}`)
    .join(", ");
}

/** True where no weight is NaN or infinite. */
export function weightsAreFinite(model: tf.LayersModel): boolean {
  return namedWeights(model).every(({ parts }) =>
    parts.every((part) => tf.tidy(() => Number.isFinite(tf.sum(part).dataSync()[0]))),
  );
}

/** Writes the weights as one safetensors file, atomically; one part is in memory at a time. */
export async function saveWeights(
  model: tf.LayersModel,
  path: string,
  metadata?: Record<string, string>,
): Promise<void> {
  await writeSafetensors(path, namedWeights(model).map(toWrite), metadata);
}

/** A weight as it is written: its parts one after the other. */
export function toWrite({ name, shape, parts }: NamedWeight): TensorToWrite {
  return {
    name,
    shape,
    *data() {
      for (const part of parts) yield readValues(part);
    },
  };
}

/** Reads the weights of a model back. @throws {InputError} `TENSOR_MISSING`, `TENSOR_SHAPE` or what is wrong with the file */
export async function loadWeights(model: tf.LayersModel, path: string): Promise<void> {
  const file = await SafetensorsFile.open(path);
  try {
    for (const weight of namedWeights(model)) {
      await readParts(file, weight, (part, values) => {
        tf.tidy(() => part.assign(tf.tensor(values, part.shape, "float32")));
      });
    }
  } finally {
    await file.close();
  }
}

/** Reads a weight from a file, part by part. @throws {InputError} `TENSOR_MISSING` or `TENSOR_SHAPE` */
export async function readParts(
  file: SafetensorsFile,
  weight: NamedWeight,
  assign: (part: tf.Variable, values: Float32Array) => void,
): Promise<void> {
  const stored = file.shapeOf(weight.name);
  if (stored.join() !== weight.shape.join()) {
    throw new InputError(
      "TENSOR_SHAPE",
      `${file.path} belongs to another model: ${weight.name} has shape [${stored}], this one needs [${weight.shape}].`,
    );
  }
  let start = 0;
  for (const part of weight.parts) {
    assign(part, await file.read(weight.name, start, part.size));
    noteCopy(4 * part.size);
    start += part.size;
  }
}

/**
 * Gives a model the weights that another one has under the same names, and its own values for the rest.
 * @param own values by name, row-major, of the weights that `from` does not have; neither model's are in parts
 */
export function copyWeights(from: tf.LayersModel, to: tf.LayersModel, own: ReadonlyMap<string, Float32Array>): void {
  const sources = new Map(namedWeights(from).map(({ name, parts }) => [name, parts[0] as tf.Variable]));
  for (const { name, parts } of namedWeights(to)) {
    const [target] = parts as readonly [tf.Variable];
    const source = sources.get(name);
    tf.tidy(() => target.assign(source ? source.clone() : tf.tensor(own.get(name) as Float32Array, target.shape)));
  }
}

/** Writes the architecture as Keras-style JSON. */
export async function saveTopology(model: tf.LayersModel, path: string): Promise<void> {
  await writeJson(path, model.toJSON(undefined, false));
}

/** A model of the architecture in a file, with initial weights. */
export async function loadTopology(path: string): Promise<tf.LayersModel> {
  const modelTopology = JSON.parse(await readFile(path, "utf8"));
  return tf.loadLayersModel(tf.io.fromMemory({ modelTopology }));
}
