/** @module The optimizers, by the rule of their updates: fused and in place with native TensorFlow, else operation by operation. */
import * as tf from "@tensorflow/tfjs";
import { attribute, runOp } from "../kernels";
import type { Resource } from "../resident";
import type { FusedRule } from "./fused";
import { Optimizer, type Regularization, type UpdateInputs } from "./optimizer";

/** Keeps divisors above 0. */
const EPSILON = 1e-8;

/** Gradient descent with momentum (Polyak 1964): `a = momentum * a + g; w -= lr * a`, with Nesterov's `w -= lr * (g + momentum * a)`. */
export class Sgd extends Optimizer {
  private readonly momentum: number;
  private readonly nesterov: boolean;

  constructor({
    momentum = 0.9,
    nesterov = false,
    ...regularization
  }: Regularization & { momentum?: number; nesterov?: boolean } = {}) {
    super(momentum > 0 ? ["accumulator"] : [], regularization);
    this.momentum = momentum;
    this.nesterov = nesterov;
  }

  protected scalars(learningRate: number): number[] {
    return [learningRate, this.momentum];
  }

  protected fusedRule(learningRate: number): FusedRule {
    if (this.momentum === 0) return { operation: "HistoDescent", numbers: [learningRate] };
    const [ofGradient, ofAccumulator] = this.nesterov ? [1, this.momentum] : [0, 1];
    return { operation: "HistoMomentum", numbers: [learningRate, this.momentum, ofGradient, ofAccumulator] };
  }

  protected update(...[weights, slots, scalars, gradient]: UpdateInputs): void {
    const [rate, momentum] = scalars as [tf.Scalar, tf.Scalar];
    const type = attribute.float32("T");
    const locking = attribute.flag("use_locking", false);
    const [accumulator] = slots;
    if (accumulator) {
      const nesterov = attribute.flag("use_nesterov", this.nesterov);
      const inputs = [weights.handle, accumulator.handle, rate, gradient, momentum];
      runOp("ResourceApplyMomentum", [type, locking, nesterov], inputs);
    } else {
      runOp("ResourceApplyGradientDescent", [type, locking], [weights.handle, rate, gradient]);
    }
  }

  protected updatePlainly(...[weights, slots, scalars, gradient]: UpdateInputs): void {
    const [rate, momentum] = scalars as [tf.Scalar, tf.Scalar];
    const [accumulator] = slots;
    if (!accumulator) {
      weights.subtract(tf.mul(gradient, rate));
      return;
    }
    accumulator.assign(tf.add(tf.mul(accumulator.read(), momentum), gradient));
    const ahead = this.nesterov ? tf.add(gradient, tf.mul(accumulator.read(), momentum)) : accumulator.read();
    weights.subtract(tf.mul(ahead, rate));
  }
}

/** Decay of the running mean of squared gradients. */
const RHO = 0.9;
/** TensorFlow's operation has a momentum, and a slot for it. */
const MOMENTUM = 0;

/** The update is `s = rho * s + (1 - rho) * g^2; a = momentum * a + lr * g / sqrt(s + epsilon); w -= a`. */
export class RmsProp extends Optimizer {
  constructor(regularization: Regularization = {}) {
    super(["mean_square", "accumulator"], regularization);
  }

  protected scalars(learningRate: number): number[] {
    return [learningRate, RHO, MOMENTUM, EPSILON];
  }

  protected fusedRule(learningRate: number): FusedRule {
    return { operation: "HistoRmsProp", numbers: [learningRate, 1 - RHO, MOMENTUM, EPSILON] };
  }

  protected update(...[weights, slots, scalars, gradient]: UpdateInputs): void {
    const handles = [weights, ...slots].map((resource) => resource.handle);
    const attributes = [attribute.float32("T"), attribute.flag("use_locking", false)];
    runOp("ResourceApplyRMSProp", attributes, [...handles, ...scalars, gradient]);
  }

  protected updatePlainly(...[weights, slots, scalars, gradient]: UpdateInputs): void {
    const [rate, rho, momentum, epsilon] = scalars as [tf.Scalar, tf.Scalar, tf.Scalar, tf.Scalar];
    const [square, accumulator] = slots as [Resource, Resource];
    square.assign(tf.add(tf.mul(square.read(), rho), tf.mul(tf.square(gradient), tf.sub(1, rho))));
    const step = tf.div(tf.mul(gradient, rate), tf.sqrt(tf.add(square.read(), epsilon)));
    accumulator.assign(tf.add(tf.mul(accumulator.read(), momentum), step));
    weights.subtract(accumulator.read());
  }
}

/** Decays of the running means of gradients and of squared gradients. */
const [BETA1, BETA2] = [0.9, 0.999];

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
