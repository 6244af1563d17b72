/** @module RMSProp (Tieleman and Hinton 2012), fused and in place. */
import * as tf from "@tensorflow/tfjs";
import { attribute, runOp } from "../kernels";
import type { Resource } from "../resident";
import type { FusedRule } from "./fused";
import { Optimizer, type Regularization, type UpdateInputs } from "./optimizer";

/** Decay of the running mean of squared gradients. */
const RHO = 0.9;
/** TensorFlow's operation has a momentum, and a slot for it. */
const MOMENTUM = 0;
const EPSILON = 1e-8;

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
