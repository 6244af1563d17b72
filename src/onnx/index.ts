/** @module ONNX files: graphs to write, and what somebody else's graph takes and gives. */
export * from "./backbone-file";
export { ExternalData } from "./external-data";
export { type Attribute, type ForeignTensor, GraphBuilder, type GraphValue, OPSET } from "./graph";
export { localLogitsGraph } from "./local-logits";
