/** @module Loads onnxruntime without telemetry. */

/**
 * Loads the library. Since 1.29 its official builds for Linux report the name and hashes of each model, the machine and its use
 * to the vendor, and write files to the home and temporary folders, unless this variable is set when the library is loaded.
 * @see https://github.com/microsoft/onnxruntime/blob/main/docs/Privacy.md
 */
export async function loadRuntime(): Promise<typeof import("onnxruntime-node")> {
  process.env.ORT_DISABLE_TELEMETRY = "1";
  return import("onnxruntime-node");
}
