/** @module Freezing and learning rates of layers by their depth in the network. */
import { InputError } from "../../errors/index";
import type { TrainingOptions } from "../../options/index";
import { type tf, variableOf } from "../../tensorflow/index";

/** 0 for the first convolution, then the blocks, the last convolution, and the logit. */
function depthOf(layer: string, blocks: number): number {
  const block = /^block_(\d+)_/.exec(layer)?.[1];
  if (block) return Number(block);
  if (layer.startsWith("stem_")) return 0;
  return layer.startsWith("top_") ? blocks + 1 : blocks + 2;
}

/**
 * Freezes the lower layers.
 * @param freeze `none`, `all` (all but the logit) or `blocks:N` (the first convolution and N blocks)
 * @throws {InputError} `OPTION_RANGE` if the network has fewer blocks
 */
export function freezeLayers(model: tf.LayersModel, blocks: number, freeze: TrainingOptions["freeze"]): void {
  if (freeze === "none") return;
  const count = freeze === "all" ? blocks + 1 : Number(freeze.slice("blocks:".length));
  if (freeze !== "all" && count > blocks) {
    throw new InputError("OPTION_RANGE", `--freeze ${freeze}: the network has ${blocks} blocks.`);
  }
  for (const layer of model.layers) {
    if (depthOf(layer.name, blocks) <= count) layer.trainable = false;
  }
}

/**
 * The learning rate of each variable relative to the logit's. It decreases by a factor from each block to the one below.
 * @see Clark et al. 2020 (ELECTRA), appendix B
 */
export function layerRates(model: tf.LayersModel, blocks: number, decay: number): Map<tf.Variable, number> {
  return new Map(
    model.layers.flatMap(({ name, trainableWeights }) =>
      trainableWeights.map((weight) => [variableOf(weight), decay ** (blocks + 2 - depthOf(name, blocks))] as const),
    ),
  );
}
