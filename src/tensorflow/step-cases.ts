/** @module Small cases of the workloads, with the proportions of real networks, on which the ways to compute a step are timed. */
import * as tf from "@tensorflow/tfjs";
import { type ChainErrors, chainForward, denseBackward, denseBias, denseForward } from "./dense-chain";
import type { Gradients } from "./gradients";
import { updateWay } from "./optimizers/fused";
import { Adam } from "./optimizers/update-rules";
import { type Candidate, stepWays, type Workload } from "./step-ways";
import { affineGelu } from "./transformer-ops";

/** The ways of a workload with its small case. Dispose the case afterwards. */
export function candidatesOf(workload: Workload): { candidates: Candidate[]; dispose(): void } {
  const { step, dispose } = CASES[workload]();
  return { candidates: stepWays(workload).map((way) => ({ ...way, step })), dispose };
}

interface Case {
  step(): void;
  dispose(): void;
}

/** Layers behind each other, because errors passed back through wide weights take a quarter of a step. */
const DENSE_CASE = { batch: 64, widths: [1176, 1176, 1176, 1] } as const;

/** About how many seconds a step of an MLP takes, from those of the small case, half of which are the update's. */
export function denseStepSeconds(ofCase: number, parameters: number, batch: number): number {
  const [inputs, first, second] = DENSE_CASE.widths;
  const share = parameters / (inputs * first + first * second);
  return ofCase * share * (0.5 + (0.5 * batch) / DENSE_CASE.batch);
}

const CASES: Record<Workload, () => Case> = {
  /** An MLP on vectors, with more weights than fit into a core's own cache. */
  dense() {
    const { batch, widths } = DENSE_CASE;
    const biases = widths.slice(1).map((units) => tf.tidy(() => tf.variable(tf.zeros([units]))));
    const x = normal([batch, widths[0]]) as tf.Tensor2D;
    const shapes = biases.map(({ size }, i) => [widths[i] as number, size]);
    return smallCase(shapes, [x, ...biases], (weights) => {
      const kernels = weights as tf.Variable<tf.Rank.R2>[];
      return updateWay() === "product" ? chainErrors(x, kernels, biases) : gradientsOfLayers(x, kernels, biases);
    });
  },
  /** A layer in the middle of a CNN. */
  convolution() {
    const maps = normal([4, 28, 28, 64]) as tf.Tensor4D;
    return smallCase([[3, 3, 64, 64]], [maps], ([weights]) =>
      gradientsOf(weights as tf.Variable, () =>
        tf.relu(tf.conv2d(maps, weights as tf.Variable<tf.Rank.R4>, 1, "same")),
      ),
    );
  },
  /** The first layer of a transformer block's perceptron. */
  tokens() {
    const [tokens, bias] = [normal([788, 192]), tf.zeros([768])] as [tf.Tensor2D, tf.Tensor1D];
    return smallCase([[192, 768]], [tokens, bias], ([weights]) =>
      gradientsOf(weights as tf.Variable, () => affineGelu(tokens, weights as tf.Variable<tf.Rank.R2>, bias)),
    );
  },
};

/** A step that updates some weights. @param gradients its results are disposed by {@link Adam.apply} */
function smallCase(
  shapes: readonly number[][],
  held: tf.Tensor[],
  gradients: (weights: tf.Variable[]) => Gradients | ChainErrors,
): Case {
  const weights = shapes.map((shape) => tf.tidy(() => tf.variable(tf.mul(normal(shape), 0.01))));
  const optimizer = new Adam();
  return {
    step() {
      optimizer.apply(gradients(weights), 1e-6);
      // TensorFlow computes in order, so reading the result waits for the step.
      tf.tidy(() => weights[0]?.reshape([-1]).slice(0, 1).dataSync());
    },
    dispose() {
      optimizer.dispose();
      tf.dispose([...weights, ...held]);
    },
  };
}

/** What an MLP's gradients follow from, as for the mean of its outputs. */
function chainErrors(x: tf.Tensor2D, kernels: readonly tf.Variable[], biases: readonly tf.Variable[]): ChainErrors {
  const chain = { kernels, biases, dropouts: kernels.map(() => undefined) };
  const outputs = chainForward(chain, x);
  const y = outputs.pop() as tf.Tensor2D;
  const dy = tf.onesLike(y);
  y.dispose();
  return { ...chain, inputs: [x.clone(), ...outputs], dy };
}

/** The same gradients layer by layer. */
function gradientsOfLayers(
  x: tf.Tensor2D,
  kernels: readonly tf.Variable<tf.Rank.R2>[],
  biases: readonly tf.Variable[],
): Gradients {
  const inputs = [x.clone()];
  const output = (i: number) =>
    denseForward(inputs[i] as tf.Tensor2D, [kernels[i] as tf.Tensor2D], biases[i] as tf.Tensor);
  const last = kernels.length - 1;
  for (let i = 0; i < last; i++) inputs.push(tf.tidy(() => tf.relu(output(i))));
  let errors = tf.tidy(() => tf.onesLike(output(last)));
  const gradients: Gradients = new Map();
  for (let i = last; i >= 0; i--) {
    const [kernel, input] = [kernels[i] as tf.Variable<tf.Rank.R2>, inputs[i] as tf.Tensor2D];
    gradients.set(kernel, { inputs: input, errors });
    gradients.set(biases[i] as tf.Variable, denseBias(errors));
    const dy = errors;
    if (i > 0) errors = tf.tidy(() => tf.mul(denseBackward(dy, [kernel]), tf.step(input)));
  }
  return gradients;
}

function gradientsOf(weights: tf.Variable, output: () => tf.Tensor): Gradients {
  const { value, grads } = tf.variableGrads(() => tf.sum(output()) as tf.Scalar, [weights]);
  value.dispose();
  return new Map([[weights, grads[weights.name] as tf.Tensor]]);
}

function normal(shape: number[]): tf.Tensor {
  return tf.randomNormal(shape, 0, 1, "float32", 1);
}
