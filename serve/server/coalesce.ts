/** @module Runs a task one at a time and combines waiting calls. */

/**
 * Returns a function that runs `task` once the current run has ended. All calls during a run share one further run.
 */
export function coalesced(task: () => Promise<void>): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | undefined;
  return () => {
    waiting ??= last = last
      .catch(() => undefined)
      .then(() => {
        waiting = undefined;
        return task();
      });
    return waiting;
  };
}
