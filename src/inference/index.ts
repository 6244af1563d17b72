/** @module Prediction with exported models: preprocessing and the network in one class. */
export { PREDICTION_WARNING_TEXTS, type Prediction, type PredictionWarning } from "./answers";
export type { ClassActivation } from "./class-activation";
export { type FileAnswer, type ListedImage, namedImages, predictFiles, readImage } from "./predict-files";
export { Predictor, type PreprocessedImage } from "./predictor";
