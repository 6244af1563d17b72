/** @module What all trials share, made once before worker processes ask for it all at the same time. */

import { type GivenTrainingOptions, resolveTrainingOptions } from "../options/index";
import type { Progress } from "../progress/index";
import { createTask, openTrainingData } from "../training/index";
import type { Space } from "./space";

/** Packs the tiles and finds the basis of the fixed options; both are kept in the cache. */
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
