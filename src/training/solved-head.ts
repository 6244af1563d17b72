/** @module Heads solved by logistic regression, once for the same features and labels. */
import { setImmediate } from "node:timers/promises";
import { sha256 } from "../files/index";
import type { ProgressTask } from "../progress/index";
import { cached } from "./kept";
import { type LogisticExamples, type LogisticFit, logisticFits } from "./logistic-regression";
import type { TaskContext } from "./training-task";

/** Increase this when the method changes. */
const VERSION = 2;

/** @param examples their rows in single precision, by whose bytes a solution is found again */
export async function solvedHead(
  examples: LogisticExamples & { readonly x: Float32Array },
  { progress, signal }: TaskContext,
): Promise<LogisticFit> {
  const { x, labels, penalties, repeats = 1, groups } = examples;
  const rows = sha256(new Uint8Array(x.buffer, x.byteOffset, x.byteLength));
  const basis = [VERSION, rows, Array.from(labels), penalties, repeats, groups && [...groups]];
  const { weights, ...rest } = await cached("heads", basis, async () => {
    let task: ProgressTask | undefined;
    for (const fits = logisticFits(examples); ; ) {
      const step = fits.next();
      if (step.done) {
        const { weights, bias, penalty } = step.value;
        task?.finish(`${weights.length} features, penalty ${penalty}`);
        return { weights: [...weights], bias, penalty };
      }
      task ??= progress.start("Logistic regression", step.value.total, "fits");
      task.update(step.value.done);
      await setImmediate(); // lets Ctrl-C through
      signal?.throwIfAborted();
    }
  });
  return { ...rest, weights: Float64Array.from(weights) };
}
