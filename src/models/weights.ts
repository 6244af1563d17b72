/** @module The weights of a model by name, and reading and writing them. */
import { InputError } from "../errors/index";
import { SafetensorsFile, type TensorToWrite, writeJson, writeSafetensors } from "../files/index";
import { noteCopy, readValues, tf, variableOf } from "../tensorflow/index";

/** A weight of a model. A very large one may consist of several variables, each with consecutive rows. */
export interface NamedWeight {
  /** `layer/weight`, such as `dense_1/kernel`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly parts: readonly tf.Variable[];
}

/** Implemented by layers that keep a weight in parts. */
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

export function parameterCount(model: tf.LayersModel): number {
  return namedWeights(model).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

/** Describes a network by its kinds of layers with the size of their last axis, such as `Conv2D 16, Dense 1`. */
export function describeModel(model: tf.LayersModel): string {
  const kinds = ["Conv2D", "SelfAttention", "Dense"];
  return model.layers
    .filter((layer) => kinds.includes(layer.getClassName()))
    .map((layer) => `${layer.getClassName()} ${(layer.outputShape as tf.Shape).at(-1)}`)
    .join(", ");
}

/** True if no weight is NaN or infinite. */
export function weightsAreFinite(model: tf.LayersModel): boolean {
  return namedWeights(model).every(({ parts }) =>
    parts.every((part) => tf.tidy(() => Number.isFinite(tf.sum(part).dataSync()[0]))),
  );
}

/** Writes the weights as one safetensors file, atomically, with one part in memory at a time. */
export async function saveWeights(
  model: tf.LayersModel,
  path: string,
  metadata?: Record<string, string>,
): Promise<void> {
  await writeSafetensors(path, namedWeights(model).map(toWrite), metadata);
}

/** A weight for writing: its parts one after the other. */
export function toWrite({ name, shape, parts }: NamedWeight): TensorToWrite {
  return {
    name,
    shape,
    *data() {
      for (const part of parts) yield readValues(part);
    },
  };
}

/** Loads the weights of a model. @throws {InputError} `TENSOR_MISSING`, `TENSOR_SHAPE` and the codes of unreadable files */
export function loadWeights(model: tf.LayersModel, path: string): Promise<void> {
  return SafetensorsFile.reading(path, async (file) => {
    for (const weight of namedWeights(model)) {
      await readParts(file, weight, (part, values) => {
        tf.tidy(() => part.assign(tf.tensor(values, part.shape, "float32")));
      });
    }
  });
}

/** Reads a weight from a file, one part at a time. @throws {InputError} `TENSOR_MISSING` or `TENSOR_SHAPE` */
export async function readParts(
  file: SafetensorsFile,
  weight: NamedWeight,
  assign: (part: tf.Variable, values: Float32Array) => void,
): Promise<void> {
  const stored = file.shapeOf(weight.name);
  if (stored.join() !== weight.shape.join()) {
    const message = `${file.path} belongs to another model: ${weight.name} has shape [${stored}], this one needs [${weight.shape}].`;
    throw new InputError("TENSOR_SHAPE", message);
  }
  let start = 0;
  for (const part of weight.parts) {
    assign(part, await file.read(weight.name, start, part.size));
    noteCopy(4 * part.size);
    start += part.size;
  }
}

/**
 * Copies the weights that another model has under the same names, and sets the others to given values.
 * @param own values by name, row-major, of the weights that `from` does not have; no weight of either model is in parts
 */
export function copyWeights(from: tf.LayersModel, to: tf.LayersModel, own: ReadonlyMap<string, Float32Array>): void {
  const sources = new Map(namedWeights(from).map(({ name, parts }) => [name, parts[0] as tf.Variable]));
  for (const { name, parts } of namedWeights(to)) {
    const [target] = parts as readonly [tf.Variable];
    const source = sources.get(name);
    tf.tidy(() => target.assign(source ? source.clone() : tf.tensor(own.get(name) as Float32Array, target.shape)));
  }
}

/** Sets the weights of the dense layer `logit`. */
export function setLogit(model: tf.LayersModel, weights: ArrayLike<number>, bias: number): void {
  const kernel = Float32Array.from(weights);
  tf.tidy(() => model.getLayer("logit").setWeights([tf.tensor2d(kernel, [kernel.length, 1]), tf.tensor1d([bias])]));
}

/** Writes the architecture as Keras-style JSON. */
export async function saveTopology(model: tf.LayersModel, path: string): Promise<void> {
  await writeJson(path, model.toJSON(undefined, false));
}

/** Writes the architecture and the weights of a model into a run. */
export async function saveModel(
  model: tf.LayersModel,
  run: { readonly topology: string; readonly bestWeights: string },
): Promise<void> {
  await saveTopology(model, run.topology);
  await saveWeights(model, run.bestWeights);
}
