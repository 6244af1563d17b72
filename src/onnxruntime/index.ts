/** @module The only room with onnxruntime: sessions that run graphs. */
export { loadRuntime } from "./runtime";
export * from "./session";
