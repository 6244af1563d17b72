/** @module Reading large tensors without letting their copies pile up. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type * as tf from "@tensorflow/tfjs";

/** Copies of this many bytes may wait for the garbage collector. */
const LIMIT_BYTES = 128 << 20;

let waiting = 0;
let collect: (() => void) | undefined;

/**
 * The values of a tensor. A walk over a large model copies gigabytes in pieces of some megabytes, which the garbage collector
 * would otherwise leave lying for longer than there is memory: it is run when enough of them wait.
 */
export function readValues(tensor: tf.Tensor): Float32Array {
  const values = tensor.dataSync() as Float32Array;
  noteCopy(values.byteLength);
  return values;
}

/** Counts a large copy that will soon be garbage, wherever it came from. */
export function noteCopy(bytes: number): void {
  waiting += bytes;
  if (waiting <= LIMIT_BYTES) return;
  collect ??= garbageCollector();
  collect();
  waiting = 0;
}

function garbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
