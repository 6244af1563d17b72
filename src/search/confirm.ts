/** @module A trial in the subspace as a training on pixels: is what was found there also good without the short cut? */
import { type GivenTrainingOptions, resolveTrainingOptions, type TrainingOptions } from "../options/index";
import { highestRate } from "../training/index";
import type { Space } from "./space";

/** True where trials of the space may be in the subspace. */
export function searchesSubspace({ fixed, searched }: Space): boolean {
  const { stem } = searched;
  return fixed.stem === "subspace" || (stem !== undefined && "choice" in stem && stem.choice.includes("subspace"));
}

/**
 * The options of the same network on pixels, without colour features beside it. A learning rate keeps its ratio to the automatic one, which is smaller on
 * pixels because a unit there has hundreds of times as many inputs (see {@link highestRate}).
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
