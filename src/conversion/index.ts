/** @module Converts trained runs to ONNX graphs and compares their logits with TensorFlow's. */
export { identityConverters } from "./conversion";
export * from "./graph-files";
export * from "./linear";
export { collect, type Matrix, MatrixMultiplier, matrixOf, storedMatrix } from "./matrix";
export { RunTiles, readTrainedRun, type TrainedRun } from "./run-tiles";
export type { LayerNode } from "./topology";
export { logitsOfGraph, requireEqualLogits, verifyGraph } from "./verification";
