/**
 * @module Settings of the garbage collector for processes that handle images. Each image takes some hundred kilobytes
 * outside the heap. V8 counts them as growth and would mark the whole heap every few dozen requests, which costs as much
 * as decoding.
 */
import { setFlagsFromString } from "node:v8";

/** The heap may grow to ten times its live size, which is about 10 MB, before it is marked again. */
const GROWTH = "--heap-growing-percent=900";

/** Flags for the command line of a worker process. A larger young generation frees images together and costs 32 MB. */
export const COLLECTOR_FLAGS: readonly string[] = [GROWTH, "--min-semi-space-size=16"];

/** Sets the same in the running process, as far as possible. */
export function collectLessOften(): void {
  setFlagsFromString(GROWTH);
}
