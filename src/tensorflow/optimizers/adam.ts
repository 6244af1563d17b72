/** @module Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019), fused and in place. */
import * as tf from "@tensorflow/tfjs";
import { attribute, runOp } from "../kernels";
import type { Resource } from "../resident";
import type { FusedRule } from "./fused";
import { Optimizer, type Regularization, type UpdateInputs } from "./optimizer";

interface AdamOptions extends Regularization {
  /** Decay of the running mean of gradients. */
  readonly beta1?: number;
  /** Decay of the running mean of squared gradients. */
  readonly beta2?: number;
  readonly epsilon?: number;
}

export class Adam extends Optimizer {
  private readonly beta1: number;
  private readonly beta2: number;
  private readonly epsilon: number;

  constructor({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, ...regularization }: AdamOptions = {}) {
    super(["m", "v"], regularization);
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.epsilon = epsilon;
  }

  protected scalars(learningRate: number): number[] {
    return [this.beta1 ** this.step, this.beta2 ** this.step, learningRate, this.beta1, this.beta2, this.epsilon];
  }

  protected fusedRule(learningRate: number): FusedRule {
    const corrected = (learningRate * Math.sqrt(1 - this.beta2 ** this.step)) / (1 - this.beta1 ** this.step);
    return { operation: "HistoAdam", numbers: [corrected, 1 - this.beta1, 1 - this.beta2, this.epsilon] };
  }

  protected update(...[weights, slots, scalars, gradient]: UpdateInputs): void {
    const flags = [attribute.flag("use_locking", false), attribute.flag("use_nesterov", false)];
    const handles = [weights, ...slots].map((resource) => resource.handle);
    runOp("ResourceApplyAdam", [attribute.float32("T"), ...flags], [...handles, ...scalars, gradient]);
  }

  protected updatePlainly(...[weights, slots, scalars, gradient]: UpdateInputs): void {
    type Six = [tf.Scalar, tf.Scalar, tf.Scalar, tf.Scalar, tf.Scalar, tf.Scalar];
    const [power1, power2, rate, beta1, beta2, epsilon] = scalars as Six;
    const [first, second] = slots as [Resource, Resource];
    first.assign(tf.add(tf.mul(first.read(), beta1), tf.mul(gradient, tf.sub(1, beta1))));
    second.assign(tf.add(tf.mul(second.read(), beta2), tf.mul(tf.square(gradient), tf.sub(1, beta2))));
    const corrected = tf.mul(rate, tf.div(tf.sqrt(tf.sub(1, power2)), tf.sub(1, power1)));
    weights.subtract(tf.div(tf.mul(first.read(), corrected), tf.add(tf.sqrt(second.read()), epsilon)));
  }
}
