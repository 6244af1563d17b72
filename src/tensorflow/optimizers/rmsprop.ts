/** @module RMSProp (Tieleman and Hinton 2012), fused and in place. */
import * as tf from "@tensorflow/tfjs";
import { attribute, runOp } from "../kernels";
import type { Resource } from "../resident";
import type { FusedRule } from "./fused";
import { Optimizer, type Regularization, type UpdateInputs } from "./optimizer";

interface RmsPropOptions extends Regularization {
  /** Decay of the running mean of squared gradients. */
  readonly rho?: number;
  readonly momentum?: number;
  readonly epsilon?: number;
}

/** The update is `s = rho * s + (1 - rho) * g^2; a = momentum * a + lr * g / sqrt(s + epsilon); w -= a`. */
export class RmsProp extends Optimizer {
  private readonly options: Required<Omit<RmsPropOptions, keyof Regularization>>;

  constructor({ rho = 0.9, momentum = 0, epsilon = 1e-8, ...regularization }: RmsPropOptions = {}) {
    super(["mean_square", "accumulator"], regularization);
    this.options = { rho, momentum, epsilon };
  }

  protected scalars(learningRate: number): number[] {
    return [learningRate, this.options.rho, this.options.momentum, this.options.epsilon];
  }

  protected fusedRule(learningRate: number): FusedRule {
    const { rho, momentum, epsilon } = this.options;
    return { operation: "HistoRmsProp", numbers: [learningRate, 1 - rho, momentum, epsilon] };
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
