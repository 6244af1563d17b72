/** @module One forward and backward pass of a batch through a model in training. */
import * as tf from "@tensorflow/tfjs";
import { type ChainErrors, chainBackward, chainForward, type DenseChain, denseChainOf } from "./dense-chain";
import { type Gradients, lossAndGradients } from "./gradients";
import { updateWay } from "./optimizers/fused";

/** The result of a pass; the caller disposes it. */
export interface TrainingPass {
  readonly loss: tf.Scalar;
  /** [n, 1] */
  readonly logits: tf.Tensor2D;
  /** Gradients of the trained weights, or what an optimizer computes them from while it updates the weights. */
  readonly gradients: Gradients | ChainErrors;
}

/** A pass whose gradients are computed already. */
type WholePass = TrainingPass & { readonly gradients: Gradients };

/** Loss, logits and gradients of a batch. @param loss computes the loss from the logits */
export function trainingPass(model: tf.LayersModel, inputs: tf.Tensor, loss: LossOfLogits): WholePass {
  const pass = passForUpdate(model, inputs, loss);
  return { ...pass, gradients: pass.gradients instanceof Map ? pass.gradients : chainBackward(pass.gradients) };
}

/** The same for {@link Optimizer.apply} with gradients as they are: not added, not scaled. */
export function passForUpdate(model: tf.LayersModel, inputs: tf.Tensor, loss: LossOfLogits): TrainingPass {
  const chain = updateWay() === "product" ? chainOf(model) : undefined;
  if (chain) return chainPass(chain, inputs as tf.Tensor2D, loss);
  let logits: tf.Tensor2D | undefined;
  const result = lossAndGradients(model, () => {
    logits = tf.keep(model.apply(inputs, { training: true }) as tf.Tensor2D);
    return loss(logits);
  });
  return { ...result, logits: logits as unknown as tf.Tensor2D };
}

type LossOfLogits = (logits: tf.Tensor2D) => tf.Scalar;

function chainPass(chain: DenseChain, inputs: tf.Tensor2D, loss: LossOfLogits): TrainingPass {
  const values = chainForward(chain, inputs);
  const logits = values.at(-1) as tf.Tensor2D;
  const { value, grad } = tf.valueAndGrad((z) => loss(z as tf.Tensor2D))(logits);
  const gradients = { ...chain, inputs: [inputs.clone(), ...values.slice(0, -1)], dy: grad as tf.Tensor2D };
  return { loss: value as tf.Scalar, logits, gradients };
}

const chains = new WeakMap<tf.LayersModel, DenseChain | "none">();

/** The chain of a model, unless some of its weights are frozen now. */
function chainOf(model: tf.LayersModel): DenseChain | undefined {
  const chain = chains.get(model) ?? denseChainOf(model) ?? "none";
  chains.set(model, chain);
  if (chain === "none") return undefined;
  return model.trainableWeights.length === chain.kernels.length + chain.biases.length ? chain : undefined;
}
