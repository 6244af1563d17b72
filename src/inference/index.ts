/** @module Prediction with exported models: preprocessing and the network in one class. */
export { PREDICTION_WARNING_TEXTS, type Prediction, type PredictionWarning } from "./answers";
export type { ClassActivation } from "./class-activation";
export { type ListedImage, namedImages } from "./image-list";
export { type FileAnswer, predictFiles, readImage } from "./predict-files";
export { Predictor, type PreprocessedImage } from "./predictor";
