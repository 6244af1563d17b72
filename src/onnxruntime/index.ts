/** @module Runs graphs with onnxruntime. No other room imports onnxruntime. */
export { loadRuntime } from "./runtime";
export * from "./session";
