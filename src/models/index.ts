/** @module Networks: functions from options to a model with one logit, and reading and writing their weights. */
export { cnn } from "./cnn";
export { type EfficientNetLiteOptions, efficientNetLite, type InvertedBottleneck } from "./efficientnet-lite";
export { BlockDense } from "./layers/block-dense";
export { ColourFeatures } from "./layers/colour-features";
export { colourFeatureCount, measureColours } from "./layers/colour-measures";
export { Convolution2D } from "./layers/convolution";
export { CounterDropout, setStep } from "./layers/counter-dropout";
export { applyLayer } from "./layers/layer";
export { OnnxBackbone, type OnnxBackboneConfig } from "./layers/onnx-backbone";
export { SubspaceProjection } from "./layers/subspace-projection";
export { PositionEmbedding, SelfAttention } from "./layers/transformer";
export {
  type Activation,
  architectureOf,
  colourRegression,
  mlp,
  mlpBehindProjection,
  mlpOnFeatures,
  type Normalization,
} from "./mlp";
export { vit } from "./vit";
export {
  copyWeights,
  describeModel,
  loadWeights,
  type NamedWeight,
  namedWeights,
  parameterCount,
  readParts,
  saveModel,
  saveTopology,
  saveWeights,
  setLogit,
  toWrite,
  weightsAreFinite,
} from "./weights";
