/** @module Loads onnxruntime without telemetry, and so that it takes half-precision numbers. */

type Runtime = typeof import("onnxruntime-node");

/**
 * Loads the library. Since 1.29 its official builds for Linux report the name and hashes of each model, the machine and its use
 * to the vendor, and write files to the home and temporary folders, unless this variable is set when the library is loaded.
 * @see https://github.com/microsoft/onnxruntime/blob/main/docs/Privacy.md
 */
export async function loadRuntime(): Promise<Runtime> {
  process.env.ORT_DISABLE_TELEMETRY = "1";
  const runtime = await import("onnxruntime-node");
  passHalvesAsIntegers(runtime);
  return runtime;
}

/**
 * Where Node has a `Float16Array` (24 and newer), the library's JavaScript copies half-precision numbers into one, and its native
 * part cannot read that ("not enough space"). It looks for the class once, at its first tensor, so that one is made without it.
 * @see findings/onnxruntime-node-float16-array.sh
 */
function passHalvesAsIntegers({ Tensor }: Runtime): void {
  const scope = globalThis as { Float16Array?: unknown };
  const { Float16Array } = scope;
  if (!Float16Array) return;
  scope.Float16Array = undefined;
  try {
    new Tensor("uint8", new Uint8Array(1), [1]);
  } finally {
    scope.Float16Array = Float16Array;
  }
}
