/** @module Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019), fused and in place. */
import * as tf from "@tensorflow/tfjs";
import { attribute, runOp } from "../kernels";
import type { Resource } from "../resident";
import type { FusedRule } from "./fused";
import { Optimizer, type Regularization, type UpdateInputs } from "./optimizer";

/** Decays of the running means of gradients and of squared gradients. */
const [BETA1, BETA2] = [0.9, 0.999];
const EPSILON = 1e-8;

export class Adam extends Optimizer {
  constructor(regularization: Regularization = {}) {
    super(["m", "v"], regularization);
  }

  protected scalars(learningRate: number): number[] {
    return [BETA1 ** this.step, BETA2 ** this.step, learningRate, BETA1, BETA2, EPSILON];
  }

  protected fusedRule(learningRate: number): FusedRule {
    const corrected = (learningRate * Math.sqrt(1 - BETA2 ** this.step)) / (1 - BETA1 ** this.step);
    return { operation: "HistoAdam", numbers: [corrected, 1 - BETA1, 1 - BETA2, EPSILON] };
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
