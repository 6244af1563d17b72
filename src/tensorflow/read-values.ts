/** @module Reads large tensors without accumulating their copies. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type * as tf from "@tensorflow/tfjs";

/** Bytes of copies that may wait for the garbage collector. */
const LIMIT_BYTES = 128 << 20;

let waiting = 0;
let collect: (() => void) | undefined;

/** The values of a tensor. Runs the garbage collector when enough copies wait, as reading a large model makes gigabytes of them. */
export function readValues(tensor: tf.Tensor): Float32Array {
  const values = tensor.dataSync() as Float32Array;
  noteCopy(values.byteLength);
  return values;
}

/** Counts a large copy from anywhere that will soon be garbage. */
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
