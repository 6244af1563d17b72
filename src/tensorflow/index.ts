/** @module TensorFlow for the rest of the project. No other room loads it. */
import "./load";
import "./mended";
import "./native-gradients";
import "./precision";

export * as tf from "@tensorflow/tfjs";
export { batchNormByStatistics, batchNormInTraining } from "./batch-norm";
export {
  type ChainErrors,
  type DenseLayer,
  type DropoutLayer,
  denseBackward,
  denseBias,
  denseForward,
  disposeGradients,
} from "./dense-chain";
export * from "./gradients";
export { attribute, callOp, callOps, statelessUniform } from "./kernels";
export { type CpuIsa, runtime } from "./load";
export { depthwiseConvolution, hasNetworkOps, standardizedBytes } from "./network-ops";
export { setUpdateWay, type UpdateWay, updateWay } from "./optimizers/fused";
export { Optimizer } from "./optimizers/optimizer";
export { Adam, RmsProp, Sgd } from "./optimizers/update-rules";
export * from "./precision";
export { noteCopy, readValues } from "./read-values";
export { candidatesOf, denseStepSeconds } from "./step-cases";
export { chooseStepWay, type Processor, processor, type StepChoice } from "./step-choice";
export { type Candidate, plainWay, type StepWay, type TimedWay, useStepWay, workloads } from "./step-ways";
export { passForUpdate, trainingPass } from "./training-pass";
export { affine, affineGelu, attention, layerNorm } from "./transformer-ops";
