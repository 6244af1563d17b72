/** @module Loads onnxruntime, and keeps it to itself. */

/**
 * The library. Since 1.29 its official builds for Linux report each model's name and hashes, the machine and its use to their
 * maker, and leave files in the home and temporary folders, unless this variable is set when the library is loaded.
 * @see https://github.com/microsoft/onnxruntime/blob/main/docs/Privacy.md
 */
export async function loadRuntime(): Promise<typeof import("onnxruntime-node")> {
  process.env.ORT_DISABLE_TELEMETRY = "1";
  return import("onnxruntime-node");
}
