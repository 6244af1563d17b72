/** @module Runs graphs with onnxruntime. No other room imports onnxruntime. */

export * from "./session";
export { loadRuntime } from "./session";
