/**
 * @module Settings of the garbage collector for processes that handle images. Each image takes some hundred kilobytes
 * outside the heap. V8 counts them as growth and would mark the whole heap every few dozen requests, which costs as much
 * as decoding. If the heap may grow much more, memory rises and falls in waves.
 */
import { setFlagsFromString } from "node:v8";

/**
 * Flags for the command line of a worker process: its heap may grow to four times its live size. A larger young generation
 * frees images together and costs 32 MB.
 */
export const MODEL_WORKER_FLAGS: readonly string[] = ["--heap-growing-percent=300", "--min-semi-space-size=16"];

/** Lets the heap of the running process, a server's, grow to three times its live size. */
export function collectLessOften(): void {
  setFlagsFromString("--heap-growing-percent=200");
}
