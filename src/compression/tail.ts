/** @module The layers of a plain network after its first linear layer: gradients of the logit for given outputs of that layer. */

import {
  collect,
  identityConverters,
  type LayerNode,
  type MatrixMultiplier,
  storedMatrix,
  type TrainedRun,
} from "../conversion/index";
import { transposed } from "../eigen/index";
import { sigmoid } from "../evaluation/index";
import { SafetensorsFile } from "../files/index";

/** y = x W + b, a factor and an addend for each column, or a function of each number. */
type Step =
  | { readonly kernel: Float32Array; readonly bias: Float32Array }
  | { readonly scale: Float32Array; readonly shift: Float32Array }
  | { readonly activation: (x: number) => number };

const activations: Readonly<Record<string, (x: number) => number>> = {
  relu: (x) => Math.max(0, x),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  selu: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  tanh: Math.tanh,
  sigmoid,
  softplus: (x) => Math.log1p(Math.exp(-Math.abs(x))) + Math.max(0, x),
};

const LINEAR = ["Dense", "BlockDense", "SubspaceProjection"];
/** Half the distance over which slopes of activations are measured. */
const HALF_STEP = 1e-3;

/** Plain networks are chains of dense layers, batch normalizations and activations. */
export class Tail {
  private constructor(private readonly steps: readonly Step[]) {}

  /** The tail of a run's network, or undefined if it is not a plain network. */
  static async read({ layers, files }: TrainedRun): Promise<Tail | undefined> {
    const first = layers.nodes.findIndex(({ className }) => LINEAR.includes(className));
    const rest = layers.nodes.slice(first);
    const isChain = rest.every(({ inputs }, i) => inputs.length === 1 && inputs[0] === first + i - 1);
    if (first < 0 || !isChain || layers.output !== layers.nodes.length - 1) return undefined;
    return SafetensorsFile.reading(files.bestWeights, async (weights) => {
      const steps: Step[] = [];
      for (const [i, node] of rest.entries()) {
        const folded = i === 1 && node.className === "BatchNormalization" && nameOfActivation(rest[0]) === "linear";
        const found = i === 0 ? activationSteps(node) : folded ? [] : await stepsOf(node, weights);
        if (!found) return undefined;
        steps.push(...found);
      }
      return new Tail(steps);
    });
  }

  /** Gradients of the logit. @param outputs of the first layer, bias included, row-major [count, columns] */
  async gradients(outputs: Float32Array, columns: number, multiplier: MatrixMultiplier): Promise<Float32Array> {
    const count = outputs.length / columns;
    const inputs: Float32Array[] = [];
    let value = outputs;
    for (const step of this.steps) {
      inputs.push(value);
      value = await forward(step, value, count, multiplier);
    }
    let gradient: Float32Array = new Float32Array(value.length).fill(1);
    for (const [i, step] of [...this.steps.entries()].reverse()) {
      gradient = await backward(step, inputs[i] as Float32Array, gradient, multiplier);
    }
    return gradient;
  }
}

async function stepsOf(node: LayerNode, weights: SafetensorsFile): Promise<Step[] | undefined> {
  const { name, className, config } = node;
  const read = (weight: string) => weights.read(`${name}/${weight}`);
  if (className in identityConverters) return [];
  if (className === "Activation" || className === "ReLU") return activationSteps(node);
  if (className === "Dense" || className === "BlockDense") {
    const matrix = storedMatrix(weights, `${name}/kernel`);
    const bias = weights.has(`${name}/bias`) ? await read("bias") : new Float32Array(matrix.columns);
    const activation = activationSteps(node);
    return activation && [{ kernel: await collect(matrix), bias }, ...activation];
  }
  if (className !== "BatchNormalization" || !weights.has(`${name}/gamma`) || !weights.has(`${name}/beta`))
    return undefined;
  const [gamma, beta, mean, variance] = await Promise.all(
    ["gamma", "beta", "moving_mean", "moving_variance"].map(read),
  );
  const epsilon = (config.epsilon as number | undefined) ?? 1e-3;
  const scale = gamma!.map((value, i) => value / Math.sqrt(variance![i]! + epsilon));
  return [{ scale, shift: beta!.map((value, i) => value - mean![i]! * scale[i]!) }];
}

function nameOfActivation(node: LayerNode | undefined): string {
  const name = node?.className === "ReLU" ? "relu" : (node?.config.activation ?? "linear");
  return typeof name === "string" ? name : "unknown";
}

function activationSteps(node: LayerNode): Step[] | undefined {
  const name = nameOfActivation(node);
  if (name === "linear") return [];
  const activation = activations[name];
  return activation && [{ activation }];
}

async function forward(
  step: Step,
  value: Float32Array,
  count: number,
  multiplier: MatrixMultiplier,
): Promise<Float32Array> {
  if ("activation" in step) return value.map(step.activation);
  if ("scale" in step) {
    const { scale, shift } = step;
    return value.map((x, i) => x * scale[i % scale.length]! + shift[i % scale.length]!);
  }
  const product = await multiplier.multiply(value, step.kernel, value.length / count);
  return product.map((x, i) => x + step.bias[i % step.bias.length]!);
}

async function backward(
  step: Step,
  input: Float32Array,
  gradient: Float32Array,
  multiplier: MatrixMultiplier,
): Promise<Float32Array> {
  if ("activation" in step) {
    const { activation } = step;
    const slope = (x: number) => (activation(x + HALF_STEP) - activation(x - HALF_STEP)) / (2 * HALF_STEP);
    return gradient.map((g, i) => g * slope(input[i]!));
  }
  if ("scale" in step) return gradient.map((g, i) => g * step.scale[i % step.scale.length]!);
  const columns = step.bias.length;
  return multiplier.multiply(gradient, transposed(step.kernel, step.kernel.length / columns, columns), columns);
}
