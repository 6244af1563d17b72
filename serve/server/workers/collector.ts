/**
 * @module Settings of the garbage collector for processes through which images pass. Each image is some hundred kilobytes
 * outside of the heap, and V8 takes that for growth: it would mark the whole heap every few dozen requests, which costs
 * as much as decoding.
 */
import { setFlagsFromString } from "node:v8";

/** The heap may grow to ten times of what was live before it is marked again; some 10 MB are live. */
const GROWTH = "--heap-growing-percent=900";

/** For the command line of a worker process. Young images are dropped together, at the cost of 32 MB. */
export const COLLECTOR_FLAGS: readonly string[] = [GROWTH, "--min-semi-space-size=16"];

/** The same, as far as it can be changed in a process that runs already. */
export function collectLessOften(): void {
  setFlagsFromString(GROWTH);
}
