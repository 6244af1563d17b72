/** @module ONNX files: writes graphs, and reads the inputs and outputs of other graphs. */
export * from "./backbone-file";
export { ExternalData } from "./external-data";
export { type ForeignTensor, GraphBuilder, type GraphValue, OPSET } from "./graph";
export { lastOperator } from "./last-operator";
export { localLogitsGraph } from "./local-logits";
