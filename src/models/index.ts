/** @module Networks: functions from options to a model with one logit, and reading and writing their weights. */
export { cnn } from "./cnn";
export { type EfficientNetLiteOptions, efficientNetLite, type InvertedBottleneck } from "./efficientnet-lite";
export { BlockDense } from "./layers/block-dense";
export { colourFeatureCount, measureColours } from "./layers/colour-measures";
export { Convolution2D } from "./layers/convolution";
export { CounterDropout, setStep } from "./layers/counter-dropout";
export { ColourFeatures, OnnxBackbone, type OnnxBackboneConfig, SubspaceProjection } from "./layers/frozen";
export { applyLayer } from "./layers/layer";
export { PositionEmbedding, SelfAttention } from "./layers/transformer";
export * from "./mlp";
export { vit } from "./vit";
export * from "./weights";
