/** @module Activation functions, as separate layers and as the last step of other layers. */
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

export const activationConverters: ConverterTable = {
  Activation: (layer, [input], conversion) => activate(input, layer.config.activation, conversion),
  ReLU: elementwise(({ max_value }) => (typeof max_value === "number" ? clip(0, max_value) : simple("Relu"))),
  LeakyReLU: elementwise(({ alpha }) => simple("LeakyRelu", { alpha: { float: alpha ?? 0.3 } })),
  ELU: elementwise(({ alpha }) => simple("Elu", { alpha: { float: alpha ?? 1 } })),
  Softmax: (_layer, [input], conversion) => activate(input, "softmax", conversion),
};
