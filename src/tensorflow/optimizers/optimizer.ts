/** @module The base of all optimizers: resident weights and slots, one update per variable, state for checkpoints. */
import * as tf from "@tensorflow/tfjs";
import { type ChainErrors, disposeGradients, dropoutFactors } from "../dense-chain";
import { disposeGradient, type Gradients, multiplyOut } from "../gradients";
import { runtime } from "../load";
import { readValues } from "../read-values";
import { ResidentVariable, Resource } from "../resident";
import {
  type FusedRegularization,
  type FusedRule,
  type FusedVariable,
  fusedChainUpdate,
  fusedOptions,
  fusedUpdate,
  updateWay,
} from "./fused";

/** A named tensor of the optimizer's state, such as `dense_1/kernel/m`. */
export interface SlotTensor {
  readonly name: string;
  readonly shape: readonly number[];
  read(): Float32Array;
  write(values: Float32Array): void;
}

/** Options of every optimizer. Except for `clipValue`, they do not apply to variables of rank 1 (biases, norms). */
export interface Regularization {
  /** Decoupled decay: an update shrinks the weights by `learning rate * weightDecay` (Loshchilov and Hutter 2019). */
  readonly weightDecay?: number;
  /** Penalty l1 * |w|, added to the gradient. */
  readonly l1?: number;
  /** Penalty l2 * w^2, added to the gradient. */
  readonly l2?: number;
  /** Largest absolute value of a gradient's element; 0 for no limit. */
  readonly clipValue?: number;
  /** Decay of a moving average of the weights (Polyak and Juditsky 1992); 0 for none. */
  readonly averageDecay?: number;
}

/** The inputs of one update; `scalars` as in {@link Optimizer.scalars}. */
export type UpdateInputs = [weights: Resource, slots: readonly Resource[], scalars: tf.Scalar[], gradient: tf.Tensor];

/** Updates a set of variables in place. */
export abstract class Optimizer {
  /** Updates done so far. */
  step = 0;
  private readonly residents = new Map<tf.Variable, ResidentVariable>();
  private readonly slots = new Map<tf.Variable, Resource[]>();

  /** @param slotNames state kept per weight, such as Adam's `m` and `v` */
  protected constructor(
    private readonly slotNames: readonly string[],
    private readonly regularization: Regularization,
  ) {}

  /** Applies one update and disposes the gradients. @param rates factors on the learning rate, by variable; not for a chain */
  apply(gradients: Gradients | ChainErrors, learningRate: number, rates?: ReadonlyMap<tf.Variable, number>): void {
    this.step++;
    if (gradients instanceof Map) this.applyByRate(gradients, learningRate, rates);
    else this.applyChain(gradients, learningRate);
  }

  private applyByRate(gradients: Gradients, learningRate: number, rates?: ReadonlyMap<tf.Variable, number>): void {
    const byRate = new Map<number, Gradients>();
    for (const [variable, gradient] of gradients) {
      const rate = learningRate * (rates?.get(variable) ?? 1);
      byRate.set(rate, (byRate.get(rate) ?? new Map()).set(variable, gradient));
    }
    for (const [rate, some] of byRate) {
      if (updateWay() !== "tensorflow") this.applyFused(some, rate);
      else this.applyComposed(some, rate);
    }
  }

  /** The slots of the given variables, created where missing, in a stable order. */
  state(variables: readonly tf.Variable[], nameOf: (variable: tf.Variable) => string): SlotTensor[] {
    return variables.flatMap((variable) =>
      this.slotsOf(variable).map((slot, i) => ({
        name: `${nameOf(variable)}/${this.slotNames[i] ?? "average"}`,
        shape: variable.shape,
        read: () => valuesOf(slot),
        write: (values: Float32Array) => tf.tidy(() => slot.assign(tf.tensor(values, variable.shape, "float32"))),
      })),
    );
  }

  /** Swaps weights and their moving averages, before and after an evaluation. Does nothing without averages. */
  swapAverages(): void {
    if (!this.averages) return;
    for (const [variable, slots] of this.slots) {
      const average = slots.at(-1) as Resource;
      this.residentOf(variable).update((weights) => {
        const [current, other] = [weights.read(), average.read()];
        weights.assign(other);
        average.assign(current);
        tf.dispose([current, other]);
      });
    }
  }

  /** Sets the values of a variable, even if it is resident already. */
  setValues(variable: tf.Variable, values: Float32Array): void {
    tf.tidy(() => {
      const tensor = tf.tensor(values, variable.shape, "float32");
      this.residentOf(variable).update((resource) => resource.assign(tensor));
    });
  }

  /** Frees the state. The variables keep their values. */
  dispose(): void {
    for (const resident of this.residents.values()) resident.dispose();
    for (const slots of this.slots.values()) for (const slot of slots) slot.dispose();
    this.residents.clear();
    this.slots.clear();
  }

  /** The parameters of this step, in the order of {@link update}. */
  protected abstract scalars(learningRate: number): number[];

  /** The rule and its parameters for this step, for the project's own operations. */
  protected abstract fusedRule(learningRate: number): FusedRule;

  /** Updates one variable with TensorFlow's operation for the rule. */
  protected abstract update(...inputs: UpdateInputs): void;

  /** The same update with tfjs's operations, for plain JavaScript. */
  protected abstract updatePlainly(...inputs: UpdateInputs): void;

  /** Uses the project's own operations: one call, one pass over each variable. */
  private applyFused(gradients: Gradients, learningRate: number): void {
    this.withRule(learningRate, (rule, options) => {
      const updates = [...gradients].map(([weights, gradient]) => ({ ...this.fusedVariable(weights), gradient }));
      fusedUpdate(rule, options, updates);
    });
    disposeGradients(gradients);
  }

  /** Computes the gradients of a chain and applies them, in one pass over its weights. */
  private applyChain(errors: ChainErrors, learningRate: number): void {
    const fused = (some: readonly tf.Variable[]) => some.map((weights) => this.fusedVariable(weights));
    const factors = dropoutFactors(errors);
    this.withRule(learningRate, (rule, options) => {
      fusedChainUpdate(rule, options, [fused(errors.kernels), fused(errors.biases)], { ...errors, factors });
    });
    disposeGradients(errors);
  }

  private withRule(learningRate: number, update: (rule: FusedRule, options: tf.Tensor2D) => void): void {
    const rule = this.fusedRule(learningRate);
    const [ofVectors, ofMatrices] = [1, 2].map((rank) => this.fusedRegularization(rank, learningRate));
    const options = fusedOptions(rule, ofVectors as FusedRegularization, ofMatrices as FusedRegularization);
    update(rule, options);
    options.dispose();
  }

  private fusedVariable(weights: tf.Variable): FusedVariable {
    // The operations change the values in place, so the variable must be resident.
    this.residentOf(weights);
    const slots = this.slotsOf(weights);
    const [own, average] = [slots.slice(0, this.slotNames.length), slots[this.slotNames.length]];
    return { weights, slots: own, ...(average && { average }) };
  }

  private fusedRegularization(rank: number, learningRate: number): FusedRegularization {
    const { weightDecay = 0, l1 = 0, l2 = 0, clipValue = 0 } = this.regularization;
    const average = this.averages ? 1 - this.averageDecay() : 0;
    if (rank < 2) return { decay: 0, l1: 0, l2: 0, clipValue, average };
    return { decay: learningRate * weightDecay, l1, l2, clipValue, average };
  }

  /** Uses TensorFlow's operations, or tfjs's own: on a GPU, and if the project's are missing. */
  private applyComposed(gradients: Gradients, learningRate: number): void {
    tf.tidy(() => {
      const scalars = this.scalars(learningRate).map((value) => tf.scalar(value));
      for (const [variable, gradient] of gradients) {
        const slots = this.slotsOf(variable);
        // The inner tidy frees the values of a block before the next one is computed.
        tf.tidy(() => {
          const values = this.regularized(multiplyOut(gradient), variable);
          this.residentOf(variable).update((resource) => {
            if (variable.rank > 1) decay(resource, learningRate * (this.regularization.weightDecay ?? 0));
            const own = slots.slice(0, this.slotNames.length);
            if (runtime.kind === "native") this.update(resource, own, scalars, values);
            else this.updatePlainly(resource, own, scalars, values);
            if (this.averages) this.follow(resource, slots.at(-1) as Resource);
          });
        });
        disposeGradient(gradient);
      }
    });
  }

  private regularized(gradient: tf.Tensor, variable: tf.Variable): tf.Tensor {
    const { l1 = 0, l2 = 0, clipValue = 0 } = this.regularization;
    let values = gradient;
    if (variable.rank > 1 && l2 > 0) values = tf.add(values, tf.mul(variable, 2 * l2));
    if (variable.rank > 1 && l1 > 0) values = tf.add(values, tf.mul(tf.sign(variable), l1));
    return clipValue > 0 ? tf.clipByValue(values, -clipValue, clipValue) : values;
  }

  private residentOf(variable: tf.Variable): ResidentVariable {
    const resident = this.residents.get(variable) ?? new ResidentVariable(variable);
    this.residents.set(variable, resident);
    return resident;
  }

  private get averages(): boolean {
    return (this.regularization.averageDecay ?? 0) > 0;
  }

  /** Early averages move faster: their decay is at most (1 + step) / (10 + step). */
  private averageDecay(): number {
    return Math.min(this.regularization.averageDecay ?? 0, (1 + this.step) / (10 + this.step));
  }

  private follow(weights: Resource, average: Resource): void {
    const [current, before] = [weights.read(), average.read()];
    const change = tf.mul(tf.sub(before, current), 1 - this.averageDecay());
    tf.dispose([current, before]);
    average.subtract(change);
  }

  private slotsOf(variable: tf.Variable): Resource[] {
    const slots = this.slots.get(variable) ?? this.newSlots(variable);
    this.slots.set(variable, slots);
    return slots;
  }

  private newSlots(variable: tf.Variable): Resource[] {
    const own = this.slotNames.map(() => Resource.zeros(variable.shape));
    return this.averages ? [...own, Resource.copyOf(variable)] : own;
  }
}

/** Avoids `tf.tidy`, which would search the millions of values for tensors. */
function valuesOf(slot: Resource): Float32Array {
  const tensor = slot.read();
  const values = readValues(tensor);
  tensor.dispose();
  return values;
}

function decay(weights: Resource, rate: number): void {
  if (rate === 0) return;
  const values = weights.read();
  const change = tf.mul(values, rate);
  values.dispose();
  weights.subtract(change);
  change.dispose();
}
