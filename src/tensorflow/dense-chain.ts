/**
 * @module Networks of dense layers with ReLU and dropout between them, forward and backward in one native operation each
 * (native/dense.cc): of few inputs, the time between operations was a fifth of a step.
 */
import * as tf from "@tensorflow/tfjs";
import { disposeGradient, type Gradients } from "./gradients";
import { attribute, callOp, callOps, noValues } from "./kernels";
import { columnSums, hasNetworkOps } from "./network-ops";
import { updateWay } from "./optimizers/fused";
import { precision } from "./precision";

/** Weights of the layers in order. */
export interface DenseChain {
  readonly kernels: readonly tf.Variable[];
  readonly biases: readonly tf.Variable[];
  /** The dropout behind each layer's ReLU. */
  readonly dropouts: readonly (DropoutLayer | undefined)[];
}

/** Inverted dropout layers implement this. */
export interface DropoutLayer {
  /** Probability of dropping a unit. */
  readonly rate: number;
  /** Factor of the units that are not dropped: 1 / (1 - rate), where 1 - rate is a float32. */
  readonly factor: number;
  /** Draws from [0, 1) for the current step; units with one below the rate are dropped. */
  draws(shape: readonly number[]): tf.Tensor;
}

/** Dense layers implement this. */
export interface DenseLayer {
  /** The kernel [k, m], perhaps in several blocks of rows, and the bias [m]. */
  denseWeights(): { readonly blocks: readonly tf.Variable[]; readonly bias: tf.Variable };
}

/** The chain of a model on vectors with ReLU, and perhaps dropout, after each layer but the last; undefined for others. */
export function denseChainOf(model: tf.LayersModel): DenseChain | undefined {
  const [input, ...layers] = model.layers;
  if (input?.getClassName() !== "InputLayer" || input.batchInputShape?.length !== 2) return undefined;
  if (!layers.every((layer, i) => isAfter(layer, model.layers[i] as tf.layers.Layer))) return undefined;
  if (!isDense(layers.at(-1))) return undefined;
  const weights: ReturnType<DenseLayer["denseWeights"]>[] = [];
  const dropouts: (DropoutLayer | undefined)[] = [];
  for (const open: unknown[] = [...layers]; open.length > 0; ) {
    const dense = open.shift();
    if (!isDense(dense)) return undefined;
    weights.push(dense.denseWeights());
    if (open.length > 0 && !isRelu(open.shift() as tf.layers.Layer)) return undefined;
    dropouts.push(isDropout(open[0]) ? (open.shift() as DropoutLayer) : undefined);
  }
  const kernels = weights.flatMap(({ blocks }) => blocks);
  const biases = weights.map(({ bias }) => bias);
  return kernels.length === biases.length && biases.length > 1 ? { kernels, biases, dropouts } : undefined;
}

/** The output of each layer, after its ReLU and dropout if it has them. The caller disposes the outputs. @param x [n, k] */
export function chainForward({ kernels, biases, dropouts }: DenseChain, x: tf.Tensor2D): tf.Tensor2D[] {
  const attributes = [attribute.int("N", kernels.length), ...denseAttributes()];
  const draws = dropouts.map((dropout, i) => dropout?.draws([x.shape[0], biases[i]?.size ?? 0]));
  const numbers = tf.tensor1d(dropouts.flatMap((dropout) => [dropout?.rate ?? 0, dropout?.factor ?? 1]));
  const inputs = [x, ...kernels, ...biases, ...draws.map((drawn) => drawn ?? noValues()), numbers];
  const outputs = callOps("HistoChain", attributes, inputs, kernels.length) as tf.Tensor2D[];
  for (const temporary of [...draws, numbers]) temporary?.dispose();
  return outputs;
}

/** What the gradients of a chain's weights follow from. */
export interface ChainErrors extends DenseChain {
  /** The input of each layer [n, k], the output of the one before. */
  readonly inputs: readonly tf.Tensor2D[];
  /** Gradient of the last layer's output [n, m]. */
  readonly dy: tf.Tensor2D;
}

/** Gradients of all weights. Those of kernels are in factors, which take over the inputs and `dy`. */
export function chainBackward({ kernels, biases, dropouts, inputs, dy }: ChainErrors): Gradients {
  const behind = kernels.length - 1;
  const attributes = [attribute.int("N", behind), ...denseAttributes()];
  const factors = tf.tensor1d(dropoutFactors({ dropouts }).slice(0, -1));
  const given = [dy, ...kernels.slice(1), ...inputs.slice(1), factors];
  const results = callOps("HistoChainGrad", attributes, given, 2 * behind + 1);
  factors.dispose();
  const errors = [...results.slice(0, behind), dy] as tf.Tensor2D[];
  const gradients: Gradients = new Map();
  kernels.forEach((kernel, i) => {
    gradients.set(kernel, { inputs: inputs[i] as tf.Tensor2D, errors: errors[i] as tf.Tensor2D });
  });
  for (const [i, bias] of biases.entries()) gradients.set(bias, results[behind + i] as tf.Tensor);
  return gradients;
}

/** For each layer the factor of the units that the dropout behind it does not drop. */
export function dropoutFactors({ dropouts }: Pick<DenseChain, "dropouts">): number[] {
  return dropouts.map((dropout) => dropout?.factor ?? 1);
}

/** Disposes gradients that are not applied. */
export function disposeGradients(gradients: Gradients | ChainErrors): void {
  if (gradients instanceof Map) for (const gradient of gradients.values()) disposeGradient(gradient);
  else tf.dispose([...gradients.inputs, gradients.dy]);
}

function isDense(layer: unknown): layer is DenseLayer {
  return typeof (layer as Partial<DenseLayer> | undefined)?.denseWeights === "function";
}

function isDropout(layer: unknown): layer is DropoutLayer {
  return typeof (layer as Partial<DropoutLayer> | undefined)?.draws === "function";
}

function isRelu(layer: tf.layers.Layer): boolean {
  return layer.getClassName() === "Activation" && layer.getConfig().activation === "relu";
}

function isAfter(layer: tf.layers.Layer, before: tf.layers.Layer): boolean {
  const [node, ...others] = layer.inboundNodes;
  return others.length === 0 && node?.inboundLayers.length === 1 && node.inboundLayers[0] === before;
}

/** Attributes of the project's operations: the first column of x that belongs to the weights, and the precision. */
function denseAttributes(first = 0): ReturnType<typeof attribute.int>[] {
  return [attribute.int("whole", first), attribute.float("real", precision() === "bf16" ? 1 : 0)];
}

/** x W + b. @param x [n, k] @param blocks rows of W in order, each [some of k, m] @param bias [m] */
export function denseForward(x: tf.Tensor2D, blocks: readonly tf.Tensor2D[], bias: tf.Tensor): tf.Tensor2D {
  return tf.tidy(() => {
    if (updateWay() !== "product") {
      const rows = blocks.map(({ shape }) => shape[0]);
      const slices = blocks.length === 1 ? [x] : tf.split(x, rows, 1);
      const products = slices.map((slice, i) => tf.matMul(slice, blocks[i] as tf.Tensor2D));
      return tf.add(products.length === 1 ? (products[0] as tf.Tensor) : tf.addN(products), bias);
    }
    let [sum, first] = [bias, 0];
    for (const block of blocks) {
      sum = callOp("HistoDense", denseAttributes(first), [x, block, sum]);
      first += block.shape[0];
    }
    return sum as tf.Tensor2D;
  });
}

/** dy W^T, the gradient of x. */
export function denseBackward(dy: tf.Tensor2D, blocks: readonly tf.Tensor2D[]): tf.Tensor2D {
  const own = updateWay() === "product";
  return tf.tidy(() => {
    const parts = blocks.map((block) =>
      own ? callOp("HistoDenseGrad", denseAttributes(), [dy, block]) : tf.matMul(dy, block, false, true),
    );
    return (parts.length === 1 ? parts[0] : tf.concat(parts, 1)) as tf.Tensor2D;
  });
}

/** Sums over the batch, the gradient of b. */
export function denseBias(dy: tf.Tensor2D): tf.Tensor {
  return hasNetworkOps ? columnSums(dy) : tf.sum(dy, 0);
}
