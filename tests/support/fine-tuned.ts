/** @module Trainings of a few steps of EfficientNet-Lite0 with weights that nobody trained. */
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { TrainingOptions } from "../../src/options/index";
import { runTraining } from "../../src/training/index";
import { drawnSet } from "./data-sets";
import { placeMadeLite0 } from "./made-lite";
import { temporaryDirectory } from "./temporary-directory";

/** A folder of the test with a cache of its own. */
export async function prepared(context: TestContext) {
  const directory = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(directory, "cache");
  return directory;
}

/** A data set of drawn tiles, made weights in the place of the pretrained ones, and a training of a few steps. */
export async function trainable(context: TestContext) {
  const directory = await prepared(context);
  const weights = await placeMadeLite0();
  const data = await drawnSet({ images: 40, size: 32, seed: 4 });
  const train = (run: string, options: Partial<TrainingOptions> = {}, more: object = {}) =>
    runTraining(
      { data, model: "efficientnet-lite0", size: 32, batch: 8, epochs: 2, lr: 1e-3, augment: "dihedral", ...options },
      { run: join(directory, run), ...more },
    );
  return { directory, data, weights, train };
}
