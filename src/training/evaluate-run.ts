/** @module The end of a run: writes the model on pixels, its predictions, the threshold and the metrics. */

import { spreadOver } from "../collections/index";
import type { Partition } from "../dataset/index";
import {
  type BinaryMetrics,
  chooseThreshold,
  labelsAndScores,
  measurePredictions,
  sigmoid,
  writePredictions,
} from "../evaluation/index";
import { type Familiarity, fitFamiliarity, looksAt } from "../familiar/index";
import { writeJson } from "../files/index";
import { plainDecimal } from "../format/index";
import type { Progress } from "../progress/index";
import type { RunConfig } from "../runs/index";
import { measureShifts, type Shifts } from "../shift/index";
import { runtime } from "../tensorflow/index";
import { batchesOf } from "./batches";
import type { TrainingData } from "./data";
import { cached } from "./kept";
import type { TrainingPlan } from "./plan";
import { predictLogits } from "./trainer";
import type { TrainingTask } from "./training-task";

/**
 * Saves the task's model on pixels, predicts the validation and test tiles in full precision, chooses the threshold on the
 * validation tiles, and writes `predictions-*.csv`, `metrics.json` and the final `config.json`.
 */
export async function evaluateRun(
  { run, thresholdRule }: Pick<TrainingPlan, "run" | "thresholdRule">,
  config: RunConfig,
  task: TrainingTask,
  data: TrainingData,
  progress: Progress,
): Promise<{ validation: BinaryMetrics; test: BinaryMetrics }> {
  const shown = progress.start("Saving and evaluating the best model", 0);
  await task.save(run);
  const validation = predict(task, data, "validation", config);
  const test = predict(task, data, "test", config);
  await writePredictions(run.predictions("validation"), validation);
  await writePredictions(run.predictions("test"), test);
  const { labels, scores } = labelsAndScores(validation);
  const { threshold } = chooseThreshold(labels, scores, thresholdRule);
  const metrics = {
    validation: measurePredictions(validation, threshold),
    test: measurePredictions(test, threshold),
  };
  await writeJson(run.metrics, metrics);
  await writeJson(run.familiar, await familiarityOf(data));
  await writeJson(run.shift, await shiftsOf(data));
  if (runtime.gpu) config.onGpu = true;
  config.threshold = threshold;
  await writeJson(run.config, config);
  shown.finish(`test AUC ${plainDecimal(metrics.test.rocAuc)}`);
  return metrics;
}

function predict(task: TrainingTask, data: TrainingData, partition: Partition, config: RunConfig) {
  const logits = meanLogits(task, partition, config);
  const tiles = data.dataset.tiles.filter((tile) => tile.partition === partition);
  return tiles.map((tile, i) => {
    const logit = logits[i] as number;
    return {
      filename: tile.name,
      label: tile.label,
      logit,
      probability: sigmoid(logit),
      ...(tile.votes && { votes: tile.votes }),
      ...(tile.group !== undefined && { group: tile.group }),
    };
  });
}

/** Logits of a partition: the mean over the run's number of views. */
function meanLogits({ model, examples }: TrainingTask, partition: Partition, { batch: size, views }: RunConfig) {
  const own = examples[partition];
  const count = own.inView ? views : 1;
  const each = Array.from({ length: count }, (_, view) => predictLogits(model, batchesOf(own, { size, view })).logits);
  return (each[0] as Float32Array).map((_, i) => each.reduce((sum, logits) => sum + (logits[i] as number), 0) / count);
}

/** At most this many tiles are measured, spread evenly over the set. */
const MOST: Readonly<Record<"train" | "validation", number>> = { train: 1000, validation: 500 };
/** Increase this when the measures change. */
const VERSION = 6;

/** The training tiles' familiarity, calibrated on the validation tiles and on the training tiles themselves. */
async function familiarityOf({ store, positions, groups }: TrainingData): Promise<Familiarity> {
  const of = (partition: Partition & keyof typeof MOST) => spreadOver(positions[partition], MOST[partition]);
  const [train, held] = [of("train"), of("validation")];
  const own = groups && Uint32Array.from(spreadOver(groups, MOST.train));
  const basis = [VERSION, "familiar", store.contentHash, train, held, own && [...own]];
  return cached("familiar", basis, () => fitFamiliarity(looksAt(store, train), looksAt(store, held), own));
}

/** How the validation and test tiles differ from the training tiles. */
async function shiftsOf({ store, dataset: { tiles } }: TrainingData): Promise<Shifts> {
  const basis = [
    VERSION,
    "shift",
    store.contentHash,
    tiles.map(({ name, partition, group }) => [name, partition, group]),
  ];
  return cached("familiar", basis, () => measureShifts(tiles, store));
}
