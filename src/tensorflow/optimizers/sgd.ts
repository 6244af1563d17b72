/** @module Stochastic gradient descent with momentum (Polyak 1964) or Nesterov's variant, fused and in place. */
import * as tf from "@tensorflow/tfjs";
import { attribute, runOp } from "../kernels";
import type { FusedRule } from "./fused";
import { Optimizer, type Regularization, type UpdateInputs } from "./optimizer";

/** The update is `a = momentum * a + g; w -= lr * a`, with Nesterov `w -= lr * (g + momentum * a)`. */
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
