/** @module Prepares what all trials share, before the worker processes need it at the same time. */
import { type GivenTrainingOptions, resolveTrainingOptions } from "../options/index";
import type { Progress } from "../progress/index";
import { createTask, openTrainingData } from "../training/index";
import type { Space } from "./space";

/** Packs the tiles and computes the basis of the fixed options; both are cached. */
export async function prepareShared(
  space: Space,
  given: GivenTrainingOptions,
  context: { readonly progress: Progress; readonly signal: AbortSignal; readonly subspaceDirectory?: string },
): Promise<void> {
  const options = resolveTrainingOptions({ ...space.fixed, ...given });
  const data = await openTrainingData(options, context);
  try {
    if (options.stem !== "subspace" || "rank" in space.searched) return;
    const task = await createTask({ ...options, hidden: [1] }, data, context);
    await task.close();
  } finally {
    data.close();
  }
}
