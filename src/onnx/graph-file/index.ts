/** @module ONNX files: graphs to write, and what somebody else's graph takes and gives. */
export { type BackboneDescription, readBackbone, weightFilesOf } from "../backbone-file";
export { ExternalData } from "../external-data";
export { GraphBuilder, OPSET } from "../graph";
