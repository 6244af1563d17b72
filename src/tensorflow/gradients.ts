/**
 * @module Loss and gradients of a model. The gradient of a very wide first layer is kept as two factors, which are multiplied
 * block by block while the weights are updated, so that the whole gradient never needs memory.
 */
import * as tf from "@tensorflow/tfjs";

/** A gradient as the product inputs^T x errors of a batch: inputs [n, k], errors [n, m], gradient [k, m]. */
export interface FactoredGradient {
  readonly inputs: tf.Tensor2D;
  readonly errors: tf.Tensor2D;
}

export type Gradient = tf.Tensor | FactoredGradient;

/** Implemented by layers that keep their kernel's gradient in factors. */
export interface FactoredLayer {
  /** The factors of each kernel variable's gradient from the last backward pass; the caller disposes them. */
  takeFactoredGradients(): Map<tf.Variable, FactoredGradient>;
}

export function isFactored(gradient: Gradient): gradient is FactoredGradient {
  return "errors" in gradient;
}

/** The gradient as one tensor. */
export function multiplyOut(gradient: Gradient): tf.Tensor {
  return isFactored(gradient) ? tf.matMul(gradient.inputs, gradient.errors, true, false) : gradient;
}

export function disposeGradient(gradient: Gradient): void {
  if (isFactored(gradient)) tf.dispose([gradient.inputs, gradient.errors]);
  else gradient.dispose();
}

/**
 * Sum of squares of a gradient. For factors it is the sum of (X X^T) * (E E^T), two products of batch size
 * (Goodfellow 2015, "Efficient per-example gradient computations").
 */
export function squaredNorm(gradient: Gradient): tf.Scalar {
  return tf.tidy(() => {
    if (!isFactored(gradient)) return tf.sum(tf.square(gradient)) as tf.Scalar;
    const { inputs, errors } = gradient;
    return tf.sum(tf.mul(tf.matMul(inputs, inputs, false, true), tf.matMul(errors, errors, false, true))) as tf.Scalar;
  });
}

/** Adds two gradients of the same variable; both are consumed. Factors are stacked along the batch. */
export function addGradients(a: Gradient, b: Gradient): Gradient {
  const sum: Gradient =
    isFactored(a) && isFactored(b)
      ? { inputs: tf.concat([a.inputs, b.inputs]), errors: tf.concat([a.errors, b.errors]) }
      : tf.tidy(() => tf.add(multiplyOut(a), multiplyOut(b)));
  disposeGradient(a);
  disposeGradient(b);
  return sum;
}

/** Multiplies a gradient by a number; the gradient is consumed. */
export function scaleGradient(gradient: Gradient, factor: number): Gradient {
  if (!isFactored(gradient)) {
    const scaled = tf.mul(gradient, factor);
    gradient.dispose();
    return scaled;
  }
  const errors = tf.mul(gradient.errors, factor) as tf.Tensor2D;
  gradient.errors.dispose();
  return { inputs: gradient.inputs, errors };
}

export type Gradients = Map<tf.Variable, Gradient>;

/** Value and gradients of a loss. @param loss computes it from a forward pass of `model` */
export function lossAndGradients(
  model: tf.LayersModel,
  loss: () => tf.Scalar,
): { loss: tf.Scalar; gradients: Gradients } {
  const variables = trainableVariables(model);
  const factored = (model.layers as unknown[]).filter(isFactoredLayer);
  const { value, grads } = tf.variableGrads(
    loss,
    variables.filter((variable) => !factoredVariables.has(variable)),
  );
  const gradients: Gradients = new Map();
  const trained = new Set(variables);
  for (const layer of factored) {
    for (const [variable, gradient] of layer.takeFactoredGradients()) {
      // Autodiff leaves out frozen weights; a layer does not know that it is frozen.
      if (trained.has(variable)) gradients.set(variable, gradient);
      else disposeGradient(gradient);
    }
  }
  for (const variable of variables) {
    const gradient = grads[variable.name];
    if (gradient) gradients.set(variable, gradient);
  }
  return { loss: value as tf.Scalar, gradients };
}

/** The variables behind a model's trainable weights, in the model's order. */
export function trainableVariables(model: tf.LayersModel): tf.Variable[] {
  return model.trainableWeights.map(variableOf);
}

/** The variable behind a layer's weight (`val` in tfjs). */
export function variableOf(weight: unknown): tf.Variable {
  return (weight as { val: tf.Variable }).val;
}

function isFactoredLayer(layer: unknown): layer is FactoredLayer {
  return typeof (layer as Partial<FactoredLayer>).takeFactoredGradients === "function";
}

const factoredVariables = new WeakSet<tf.Variable>();

/** Marks a variable whose gradient its layer keeps in factors, so that autodiff does not compute it. */
export function markFactored(variable: tf.Variable): void {
  factoredVariables.add(variable);
}

interface WithGradient {
  readonly value: tf.Tensor;
  /** From the gradient of the value and the saved tensors to the gradients of the inputs. */
  readonly gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor | tf.Tensor[];
}

type Save = (tensors: tf.Tensor[]) => void;

/** `tf.customGrad` with the inputs as a list. */
export function differentiable(
  forward: (inputs: tf.Tensor[], save: Save) => WithGradient,
): (...inputs: tf.Tensor[]) => tf.Tensor {
  return tf.customGrad((...args) => {
    const save = args.pop() as unknown as Save;
    return forward(args as tf.Tensor[], save);
  });
}
