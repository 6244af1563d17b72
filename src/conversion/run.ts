/** @module Reads a training run for the exporter. Does not need TensorFlow. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { DatasetOptions } from "../dataset/index";
import { InputError } from "../errors/index";
import { readJson } from "../files/index";
import type { Preprocessing } from "../image/index";
import { type PretrainedPart, RunDirectory, type TileCounts } from "../runs/index";
import { type LayerGraph, readTopology } from "./topology";

/** The keys of a run's `config.json` that an export uses. */
export interface ExportedConfig {
  readonly classes: readonly [string, string];
  readonly preprocessing: Preprocessing;
  /** Probability threshold chosen on validation. */
  readonly threshold?: number;
  readonly name?: string;
  readonly model?: string;
  readonly architecture?: string;
  readonly data?: string;
  readonly dataset?: DatasetOptions;
  /** Whether training skipped unreadable images. */
  readonly skipUnreadable?: boolean;
  /** Number of views whose mean logit is the answer. Default: 1. */
  readonly views?: number;
  /** Number of trainings from which validation chose these options. */
  readonly bestOf?: number;
  /** TensorFlow's logits were computed on a GPU. */
  readonly onGpu?: true;
  readonly mlflowRunId?: string;
  readonly drawn?: boolean;
  readonly mpp?: number;
  readonly tiles?: TileCounts;
  readonly tilesByClass?: Readonly<Record<string, TileCounts>>;
  readonly monitor?: string;
  readonly thresholdRule?: string;
  readonly pretrained?: readonly PretrainedPart[];
}

/** A finished run, ready for export. */
export interface TrainedRun {
  readonly files: RunDirectory;
  readonly config: ExportedConfig;
  readonly layers: LayerGraph;
  readonly metrics: Readonly<Record<string, unknown>> | undefined;
}

/** Reads a run directory. @throws {InputError} `RUN_MISSING`, `RUN_INCOMPLETE` or `TOPOLOGY_UNSUPPORTED` */
export async function readTrainedRun(path: string): Promise<TrainedRun> {
  const files = new RunDirectory(path);
  if (!existsSync(files.config)) {
    const what = existsSync(join(path, "model.json"))
      ? "is an exported model; name the run that it was exported from"
      : "is not a run directory: it has no config.json";
    throw new InputError("RUN_MISSING", `--run: ${path} ${what}.`);
  }
  if (!existsSync(files.bestWeights) || !existsSync(files.topology)) {
    const message = `--run: ${path} has no trained model yet; finish its training with histo train --run ${path} --resume.`;
    throw new InputError("RUN_INCOMPLETE", message);
  }
  const config = await readJson<ExportedConfig>(files.config);
  for (const key of ["classes", "preprocessing"] as const) {
    if (config[key] === undefined) throw new InputError("RUN_INCOMPLETE", `${files.config} has no ${key}.`);
  }
  const metrics = existsSync(files.metrics) ? await readJson<Record<string, unknown>>(files.metrics) : undefined;
  return { files, config, layers: await readTopology(files.topology), metrics };
}
