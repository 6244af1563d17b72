/** @module Activation functions, as layers of their own and as the last step of others. */
import { InputError } from "../../errors/index";
import type { Conversion, Converter, ConverterTable, Value } from "../conversion";

type Emit = (input: string, conversion: Conversion) => string | Promise<string>;

const simple =
  (opType: string, attributes = {}): Emit =>
  (input, { graph }) =>
    graph.node(opType, [input], { attributes });

const functions: Readonly<Record<string, Emit>> = {
  linear: (input) => input,
  relu: simple("Relu"),
  relu6: clip(0, 6),
  elu: simple("Elu"),
  selu: simple("Selu"),
  sigmoid: simple("Sigmoid"),
  softplus: simple("Softplus"),
  softsign: simple("Softsign"),
  softmax: simple("Softmax", { axis: { int: -1 } }),
  tanh: simple("Tanh"),
  hard_sigmoid: simple("HardSigmoid", { alpha: { float: 0.2 }, beta: { float: 0.5 } }),
  swish: (input, { graph }) => graph.node("Mul", [input, graph.node("Sigmoid", [input])]),
  mish: simple("Mish"),
  gelu: simple("Gelu"),
  gelu_new: simple("Gelu", { approximate: { text: "tanh" } }),
};

/** Functions that treat every number alike, so that the arrangement of the tensor does not matter. */
const needsOrder = new Set(["softmax"]);

function clip(low: number, high: number): Emit {
  return async (input, { graph }) =>
    graph.node("Clip", [input, await graph.scalar("clip:low", low), await graph.scalar("clip:high", high)]);
}

/** Applies an activation given by Keras's name (or a serialized object of it) to a value. */
export async function activate(value: Value, activation: unknown, conversion: Conversion): Promise<Value> {
  const name = nameOf(activation);
  const emit = functions[name];
  if (!emit) throw new InputError("LAYER_UNSUPPORTED", `The activation ${name} cannot be exported to ONNX.`);
  if (name === "linear") return value;
  if (needsOrder.has(name) || value.pixels) {
    return { name: await emit(await conversion.keras(value), conversion), shape: value.shape };
  }
  return { ...value, name: await emit(value.name, conversion) };
}

function nameOf(activation: unknown): string {
  if (activation === null || activation === undefined) return "linear";
  if (typeof activation === "string") return activation.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
  return nameOf((activation as { class_name?: string }).class_name);
}

function elementwise(emit: (config: Readonly<Record<string, unknown>>) => Emit): Converter {
  return async (layer, [input], conversion) => {
    const value = input as Value;
    if (!value.pixels) return { ...value, name: await emit(layer.config)(value.name, conversion) };
    return { name: await emit(layer.config)(await conversion.keras(value), conversion), shape: value.shape };
  };
}

export const activationConverters: ConverterTable = {
  Activation: (layer, [input], conversion) => activate(input as Value, layer.config.activation, conversion),
  ReLU: elementwise(({ max_value }) => (typeof max_value === "number" ? clip(0, max_value) : simple("Relu"))),
  LeakyReLU: elementwise(({ alpha }) => simple("LeakyRelu", { alpha: { float: alpha ?? 0.3 } })),
  ELU: elementwise(({ alpha }) => simple("Elu", { alpha: { float: alpha ?? 1 } })),
  Softmax: (_layer, [input], conversion) => activate(input as Value, "softmax", conversion),
};
