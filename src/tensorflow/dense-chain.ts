/**
 * @module Networks of dense layers with ReLU between them, forward and backward in one native operation each
 * (native/dense.cc). With few inputs a layer takes less than a millisecond, and the time between operations (JavaScript,
 * waking threads) was a fifth of a step.
 */
import * as tf from "@tensorflow/tfjs";
import { denseAttributes } from "./dense-ops";
import { disposeGradient, type Gradients } from "./gradients";
import { attribute, callOps } from "./kernels";

/** Weights of the layers in order. */
export interface DenseChain {
  readonly kernels: readonly tf.Variable[];
  readonly biases: readonly tf.Variable[];
}

/** Dense layers implement this. */
export interface DenseLayer {
  /** The kernel [k, m], perhaps in several blocks of rows, and the bias [m]. */
  denseWeights(): { readonly blocks: readonly tf.Variable[]; readonly bias: tf.Variable };
}

/** The chain of a model on vectors with ReLU after each layer but the last; undefined for others. */
export function denseChainOf(model: tf.LayersModel): DenseChain | undefined {
  const [input, ...layers] = model.layers;
  if (input?.getClassName() !== "InputLayer" || input.batchInputShape?.length !== 2) return undefined;
  const inOrder = layers.every((layer, i) => isAfter(layer, model.layers[i] as tf.layers.Layer));
  const alternating = layers.every((layer, i) => (i % 2 === 0 ? isDense(layer) : isRelu(layer)));
  if (!inOrder || !alternating || layers.length % 2 === 0) return undefined;
  const weights = (layers as unknown[]).filter(isDense).map((layer) => layer.denseWeights());
  const kernels = weights.flatMap(({ blocks }) => blocks);
  const biases = weights.map(({ bias }) => bias);
  return kernels.length === biases.length && biases.length > 1 ? { kernels, biases } : undefined;
}

/**
 * The output of each layer, after its ReLU if it has one. The caller disposes the outputs.
 * @param x [n, k]
 */
export function chainForward({ kernels, biases }: DenseChain, x: tf.Tensor2D): tf.Tensor2D[] {
  const attributes = [attribute.int("N", kernels.length), ...denseAttributes()];
  return callOps("HistoChain", attributes, [x, ...kernels, ...biases], kernels.length) as tf.Tensor2D[];
}

/** What the gradients of a chain's weights follow from. */
export interface ChainErrors extends DenseChain {
  /** The input of each layer [n, k]. */
  readonly inputs: readonly tf.Tensor2D[];
  /** Gradient of the last layer's output [n, m]. */
  readonly dy: tf.Tensor2D;
}

/** Gradients of all weights. Those of kernels are in factors, which take over the inputs and `dy`. */
export function chainBackward({ kernels, biases, inputs, dy }: ChainErrors): Gradients {
  const behind = kernels.length - 1;
  const attributes = [attribute.int("N", behind), ...denseAttributes()];
  const results = callOps("HistoChainGrad", attributes, [dy, ...kernels.slice(1), ...inputs.slice(1)], 2 * behind + 1);
  const errors = [...results.slice(0, behind), dy] as tf.Tensor2D[];
  const gradients: Gradients = new Map();
  kernels.forEach((kernel, i) => {
    gradients.set(kernel, { inputs: inputs[i] as tf.Tensor2D, errors: errors[i] as tf.Tensor2D });
  });
  for (const [i, bias] of biases.entries()) gradients.set(bias, results[behind + i] as tf.Tensor);
  return gradients;
}

/** Disposes gradients that are not applied. */
export function disposeGradients(gradients: Gradients | ChainErrors): void {
  if (gradients instanceof Map) for (const gradient of gradients.values()) disposeGradient(gradient);
  else tf.dispose([...gradients.inputs, gradients.dy]);
}

function isDense(layer: unknown): layer is DenseLayer {
  return typeof (layer as Partial<DenseLayer>).denseWeights === "function";
}

function isRelu(layer: tf.layers.Layer): boolean {
  return layer.getClassName() === "Activation" && layer.getConfig().activation === "relu";
}

function isAfter(layer: tf.layers.Layer, before: tf.layers.Layer): boolean {
  const [node, ...others] = layer.inboundNodes;
  return others.length === 0 && node?.inboundLayers.length === 1 && node.inboundLayers[0] === before;
}
