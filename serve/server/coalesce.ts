/** @module One run of a task at a time, however often it is asked for. */

/**
 * A function that runs `task` after any run under way. Calls that come before a run has begun share it, so of many calls
 * during a run one further run comes, which begins after the last of them.
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
