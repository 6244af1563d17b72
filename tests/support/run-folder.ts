/** @module A run directory as training leaves it, made from a made-up model's predictions. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Prediction, writePredictions } from "../../src/evaluation/index";
import { writeJson } from "../../src/files/index";
import { predictedTiles } from "./predicted-tiles";
import { sharedDirectory } from "./temporary-directory";

interface RunFolderOptions {
  readonly test?: readonly Prediction[];
  readonly validation?: readonly Prediction[];
  readonly config?: Readonly<Record<string, unknown>>;
}

/** Writes predictions, a configuration and a history of three epochs, the second being the best. */
export async function runFolder({ test, validation, config }: RunFolderOptions = {}): Promise<string> {
  const folder = sharedDirectory();
  await writePredictions(join(folder, "predictions-validation.csv"), validation ?? predictedTiles(432, 2));
  await writePredictions(join(folder, "predictions-test.csv"), test ?? predictedTiles(977, 1));
  await writeJson(join(folder, "config.json"), {
    name: "mlp-small",
    classes: ["HP", "SSA"],
    monitor: "rocAuc",
    threshold: 0.4,
    thresholdRule: "recall>=0.9",
    ...config,
  });
  const epochs = [0.7, 0.8, 0.75].map((rocAuc, i) => ({
    epoch: i + 1,
    learningRate: 1e-3,
    seconds: 2,
    train: { loss: 0.5 - i / 10, rocAuc: 0.9 },
    validation: { loss: 0.6 + i / 10, rocAuc },
  }));
  await writeFile(join(folder, "history.jsonl"), epochs.map((line) => `${JSON.stringify(line)}\n`).join(""));
  return folder;
}
