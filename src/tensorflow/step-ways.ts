/**
 * @module The ways to compute a training step in this process, and their times. Which one is fastest depends on the processor,
 * so it is measured on small cases with the proportions of the real ones.
 */
import * as tf from "@tensorflow/tfjs";
import { denseForward } from "./dense-chain";
import type { Gradients } from "./gradients";
import { runtime } from "./load";
import { setUpdateWay, type UpdateWay, updateWay } from "./optimizers/fused";
import { Adam } from "./optimizers/update-rules";
import { type Precision, precision, setPrecision, tensorFlowHasBf16 } from "./precision";
import { affineGelu } from "./transformer-ops";

/** What takes most of the time: wide dense layers and their update, convolutions, or a transformer's products. */
export type Workload = "dense" | "convolution" | "tokens";

export const workloads: readonly Workload[] = ["dense", "convolution", "tokens"];

/** A way to compute training steps. */
export interface StepWay {
  readonly precision: Precision;
  readonly updates: UpdateWay;
}

/** A way and its seconds for a step of the small case. */
export interface TimedWay extends StepWay {
  readonly seconds: number;
}

/** A way to be timed. */
export interface Candidate extends StepWay {
  /** One step of the small case, with the current settings of precision and updates. */
  step(): void;
}

/** For small trainings, and if there is only one way. */
export const plainWay: StepWay = { precision: "fp32", updates: "product" };

/** Makes this process compute all further steps in the given way. */
export function useStepWay(way: StepWay): void {
  setPrecision(way.precision);
  setUpdateWay(way.updates);
}

/** The ways of this process for a workload. Only wide weights have gradients in factors and the project's own products. */
export function stepWays(workload: Workload): StepWay[] {
  const updates: readonly UpdateWay[] = !runtime.fusedUpdates
    ? ["tensorflow"]
    : workload === "dense"
      ? ["product", "rule", "tensorflow"]
      : ["product", "tensorflow"];
  const rounds = (way: UpdateWay) =>
    workload === "dense" && way === "product" ? runtime.fusedBf16 : tensorFlowHasBf16();
  const ways = (precision: Precision, some: readonly UpdateWay[]) => some.map((way) => ({ precision, updates: way }));
  return [...ways("fp32", updates), ...ways("bf16", updates.filter(rounds))];
}

/** A ratio of times above this is noise. */
const MEASURABLE = 0.95;
/** Many short rounds, so that other load on the machine does not disturb all of them. */
const [LEAST_ROUNDS, MOST_ROUNDS] = [3, 12];
/** No further round starts after this many milliseconds. */
const ENOUGH = 400;

/** A way with the seconds of its fastest step, and the fewest processor seconds that all threads of the process took for one. */
export interface MeasuredWay extends TimedWay {
  readonly processorSeconds: number;
}

/** Times the candidates in turns, after a warm-up step of each; the best time counts. @returns times in the order of the candidates */
export function timeWays(candidates: readonly Candidate[]): MeasuredWay[] {
  const before: StepWay = { precision: precision(), updates: updateWay() };
  const none = Number.POSITIVE_INFINITY;
  const best = candidates.map(({ precision, updates }) => ({
    precision,
    updates,
    seconds: none,
    processorSeconds: none,
  }));
  const started = performance.now();
  try {
    for (let round = 0; round <= MOST_ROUNDS; round++) {
      if (round > LEAST_ROUNDS && performance.now() - started > ENOUGH) break;
      candidates.forEach((candidate, i) => {
        useStepWay(candidate);
        const [from, used] = [performance.now(), process.cpuUsage()];
        candidate.step();
        const seconds = (performance.now() - from) / 1000;
        const { user, system } = process.cpuUsage(used);
        const way = best[i];
        if (round === 0 || !way) return;
        way.seconds = Math.min(way.seconds, seconds);
        way.processorSeconds = Math.min(way.processorSeconds, (user + system) / 1e6);
      });
    }
  } finally {
    useStepWay(before);
  }
  return best;
}

/** The fastest way; a rounded one only if it is measurably faster than exact ones. @param wanted only ways of this precision */
export function fastestWay(times: readonly TimedWay[], wanted: Precision | "auto" = "auto"): StepWay {
  const of = (precision: Precision) =>
    times.filter((way) => way.precision === precision).sort((a, b) => a.seconds - b.seconds)[0];
  const [exact, rounded] = [of("fp32"), of("bf16")];
  const auto = exact && rounded && rounded.seconds > MEASURABLE * exact.seconds ? exact : (rounded ?? exact);
  // Where nothing rounds, bf16 computes what fp32 does, and the same updates are the fastest.
  const { precision, updates } = (wanted === "auto" ? auto : (of(wanted) ?? auto)) ?? plainWay;
  return { precision: wanted === "auto" ? precision : wanted, updates };
}

/** The ways of a workload with its small case. Dispose the case afterwards. */
export function candidatesOf(workload: Workload): { candidates: Candidate[]; dispose(): void } {
  const { step, dispose } = CASES[workload]();
  return { candidates: stepWays(workload).map((way) => ({ ...way, step })), dispose };
}

interface Case {
  step(): void;
  dispose(): void;
}

/** The first layer of an MLP: more weights than fit into a core's own cache. */
const DENSE_CASE = { batch: 64, inputs: 2352, units: 1176 } as const;

/** About how many seconds a step of an MLP takes, from those of the small case, half of which are the update's. */
export function denseStepSeconds(ofCase: number, parameters: number, batch: number): number {
  const share = parameters / (DENSE_CASE.inputs * DENSE_CASE.units);
  return ofCase * share * (0.5 + (0.5 * batch) / DENSE_CASE.batch);
}

const CASES: Record<Workload, () => Case> = {
  dense() {
    const { batch, inputs: width, units } = DENSE_CASE;
    const [inputs, errors] = [normal([batch, width]), normal([batch, units])] as [tf.Tensor2D, tf.Tensor2D];
    const bias = tf.zeros([units]);
    return smallCase([width, units], [inputs, errors, bias], (weights) => {
      denseForward(inputs, [weights as tf.Variable<tf.Rank.R2>], bias).dispose();
      return new Map([[weights, { inputs: inputs.clone(), errors: errors.clone() }]]);
    });
  },
  /** A layer in the middle of a CNN. */
  convolution() {
    const maps = normal([4, 28, 28, 64]) as tf.Tensor4D;
    return smallCase([3, 3, 64, 64], [maps], (weights) =>
      gradientsOf(weights, () => tf.relu(tf.conv2d(maps, weights as tf.Variable<tf.Rank.R4>, 1, "same"))),
    );
  },
  /** The first layer of a transformer block's perceptron. */
  tokens() {
    const [tokens, bias] = [normal([788, 192]), tf.zeros([768])] as [tf.Tensor2D, tf.Tensor1D];
    return smallCase([192, 768], [tokens, bias], (weights) =>
      gradientsOf(weights, () => affineGelu(tokens, weights as tf.Variable<tf.Rank.R2>, bias)),
    );
  },
};

/** A step that updates one weight. @param gradients its results are disposed by {@link Adam.apply} */
function smallCase(shape: number[], held: tf.Tensor[], gradients: (weights: tf.Variable) => Gradients): Case {
  const zeros = tf.zeros(shape);
  const weights = tf.variable(zeros);
  const optimizer = new Adam();
  return {
    step() {
      optimizer.apply(gradients(weights), 1e-6);
      // TensorFlow computes in order, so reading the result waits for the step.
      tf.tidy(() => weights.reshape([-1]).slice(0, 1).dataSync());
    },
    dispose() {
      optimizer.dispose();
      tf.dispose([weights, zeros, ...held]);
    },
  };
}

function gradientsOf(weights: tf.Variable, output: () => tf.Tensor): Gradients {
  const { value, grads } = tf.variableGrads(() => tf.sum(output()) as tf.Scalar, [weights]);
  value.dispose();
  return new Map([[weights, grads[weights.name] as tf.Tensor]]);
}

function normal(shape: number[]): tf.Tensor {
  return tf.randomNormal(shape, 0, 1, "float32", 1);
}
