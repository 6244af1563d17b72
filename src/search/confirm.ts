/** @module Trains a trial from the subspace on pixels, to check whether its result also holds there. */
import { type GivenTrainingOptions, resolveTrainingOptions, type TrainingOptions } from "../options/index";
import { highestRate } from "../training/index";
import type { Space } from "./space";

/** True if trials of the space may be in the subspace. */
export function searchesSubspace({ fixed, searched }: Space): boolean {
  const { stem } = searched;
  return fixed.stem === "subspace" || (stem !== undefined && "choice" in stem && stem.choice.includes("subspace"));
}

/**
 * The options of the same network on pixels, without extra features. A learning rate keeps its ratio to the automatic one,
 * which is lower on pixels because a unit has hundreds of times as many inputs (see {@link highestRate}).
 */
export function onPixels(options: GivenTrainingOptions): GivenTrainingOptions {
  const { rank, whitening, extraFeatures, ...rest } = options;
  const automatic = (stem: TrainingOptions["stem"]) =>
    highestRate(resolveTrainingOptions({ ...rest, stem, lr: "auto" }));
  const { lr = "auto" } = options;
  return {
    ...rest,
    stem: "pixels",
    lr: lr === "auto" ? lr : (lr * automatic("pixels")) / automatic("subspace"),
  };
}
