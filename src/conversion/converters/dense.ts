/** @module Dense layers, projections, normalization in inference mode, and activations. */
import { InputError } from "../../errors/index";
import type { Conversion, Converter, ConverterTable, Value } from "../conversion";
import { composed } from "../folding";
import { type LinearMap, withOutputAffine } from "../linear";
import type { LayerNode } from "../topology";

const dense: Converter = async (layer, [input], conversion) => {
  const matrix = conversion.matrix(layer, "kernel");
  let map: LinearMap = { matrix, bias: await conversion.optional(layer, "bias", matrix.columns) };
  const normalization = await conversion.foldedNormalization(layer);
  if (normalization) map = withOutputAffine(map, normalization.scale, normalization.shift);
  const { projection, ...value } = input;
  if (projection) map = await composed(projection, map);
  const from = projection ? { ...value, shape: [projection.matrix.rows] } : value;
  const output = await conversion.linear(layer.name, from, map);
  return activate(output, layer.config.activation, conversion);
};

/** z = flatten(x) Q + offset: a dense layer whose weights have other names. */
const subspaceProjection: Converter = async (layer, [input], conversion) => {
  const flat = await flatten(input, conversion);
  const matrix = conversion.matrix(layer, "basis");
  const bias = await conversion.optional(layer, "offset", matrix.columns);
  if (conversion.foldedProjections.has(layer.name))
    return { ...flat, shape: [matrix.columns], projection: { matrix, bias } };
  return { ...(await conversion.linear(layer.name, flat, { matrix, bias })), wideRange: true };
};

/** One axis per sample, in Keras's order. Raw pixels stay raw. */
async function flatten(value: Value, conversion: Conversion): Promise<Value> {
  if (value.shape.length === 1) return value;
  const shape = [value.shape.reduce((product, extent) => product * extent, 1)];
  const ordered = value.pixels ? value.name : await conversion.keras(value);
  const name = conversion.graph.node("Flatten", [ordered]);
  return value.pixels ? { name, shape, pixels: value.pixels } : { name, shape };
}

/** A batch normalization that could not be folded into a linear layer: a factor and an addend per channel. */
const batchNormalization: Converter = async (layer, [value], conversion) => {
  requireLastAxis(layer, value);
  const { graph } = conversion;
  const { scale, shift } = await conversion.normalizationOf(layer);
  const shape = value.channelsFirst ? [scale.length, 1, 1] : [scale.length];
  const tensor = value.channelsFirst ? value.name : await conversion.keras(value);
  const scaled = graph.node("Mul", [tensor, await graph.floats(`${layer.name}/scale`, shape, scale)]);
  const name = graph.node("Add", [scaled, await graph.floats(`${layer.name}/shift`, shape, shift)]);
  return { name, shape: value.shape, channelsFirst: value.channelsFirst === true };
};

const layerNormalization: Converter = async (layer, [value], conversion) => {
  requireLastAxis(layer, value);
  const { graph } = conversion;
  const extent = value.shape[value.shape.length - 1] as number;
  const weight = async (name: string, fallback: number) =>
    graph.floats(`${layer.name}/${name}`, [extent], await conversion.optional(layer, name, extent, fallback));
  const inputs = [await conversion.keras(value), await weight("gamma", 1), await weight("beta", 0)];
  const epsilon = (layer.config.epsilon as number | undefined) ?? 1e-3;
  const name = graph.node("LayerNormalization", inputs, { axis: -1, epsilon: { float: epsilon } }, layer.name);
  return { name, shape: value.shape };
};

function requireLastAxis({ name, config }: LayerNode, { shape }: Value): void {
  const axes = [config.axis ?? -1].flat() as number[];
  if (axes.length === 1 && (axes[0] === -1 || axes[0] === shape.length)) return;
  const message = `Layer ${name} normalizes other axes than the last; that cannot be exported.`;
  throw new InputError("LAYER_UNSUPPORTED", message);
}

type Emit = (input: string, conversion: Conversion) => string | Promise<string>;

const simple =
  (opType: string, attributes = {}): Emit =>
  (input, { graph }) =>
    graph.node(opType, [input], attributes);

const functions: Readonly<Record<string, Emit>> = {
  linear: (input) => input,
  relu: simple("Relu"),
  relu6: clip(0, 6),
  elu: simple("Elu"),
  selu: simple("Selu"),
  sigmoid: simple("Sigmoid"),
  softplus: simple("Softplus"),
  softsign: simple("Softsign"),
  softmax: simple("Softmax", { axis: -1 }),
  tanh: simple("Tanh"),
  hard_sigmoid: simple("HardSigmoid", { alpha: { float: 0.2 }, beta: { float: 0.5 } }),
  swish: (input, { graph }) => graph.node("Mul", [input, graph.node("Sigmoid", [input])]),
  mish: simple("Mish"),
  gelu: simple("Gelu"),
  gelu_new: simple("Gelu", { approximate: "tanh" }),
};

function clip(low: number, high: number): Emit {
  return async (input, { graph }) =>
    graph.node("Clip", [input, await graph.scalar("clip:low", low), await graph.scalar("clip:high", high)]);
}

/** Applies a function. Elementwise functions do not depend on the order of axes. */
async function apply(value: Value, emit: Emit, conversion: Conversion, isElementwise = true): Promise<Value> {
  if (isElementwise && !value.pixels) return { ...value, name: await emit(value.name, conversion) };
  return { name: await emit(await conversion.keras(value), conversion), shape: value.shape };
}

/** Applies an activation, given by Keras's name or by a serialized object, to a value. */
export async function activate(value: Value, activation: unknown, conversion: Conversion): Promise<Value> {
  const name = nameOf(activation);
  const emit = functions[name];
  if (!emit) throw new InputError("LAYER_UNSUPPORTED", `The activation ${name} cannot be exported to ONNX.`);
  return name === "linear" ? value : apply(value, emit, conversion, name !== "softmax");
}

function nameOf(activation: unknown): string {
  if (activation === null || activation === undefined) return "linear";
  if (typeof activation === "string") return activation.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
  return nameOf((activation as { class_name?: string }).class_name);
}

function elementwise(emit: (config: Readonly<Record<string, unknown>>) => Emit): Converter {
  return (layer, [input], conversion) => apply(input, emit(layer.config), conversion);
}

export const denseConverters: ConverterTable = {
  Dense: dense,
  BlockDense: dense,
  SubspaceProjection: subspaceProjection,
  Flatten: (_layer, [input], conversion) => flatten(input, conversion),
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  Activation: (layer, [input], conversion) => activate(input, layer.config.activation, conversion),
  ReLU: elementwise(({ max_value }) => (typeof max_value === "number" ? clip(0, max_value) : simple("Relu"))),
  LeakyReLU: elementwise(({ alpha }) => simple("LeakyRelu", { alpha: { float: alpha ?? 0.3 } })),
  ELU: elementwise(({ alpha }) => simple("Elu", { alpha: { float: alpha ?? 1 } })),
  Softmax: (_layer, [input], conversion) => activate(input, "softmax", conversion),
};
