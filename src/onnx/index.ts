/** @module Export of trained models to ONNX. */
export { type ExportOptions, type ExportResult, exportRun, type Variant } from "./export";
export type { GoldenExample, ModelCard } from "./model-card";
export { modelSha256, readModelDirectory } from "./model-directory";
export type { Verification } from "./verification";
