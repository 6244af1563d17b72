/** @module Reads a training run for the exporter. Does not need TensorFlow. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../errors/index";
import { readJson } from "../files/index";
import { type RunConfig, RunDirectory } from "../runs/index";
import { type LayerGraph, readTopology } from "./topology";

/** A run's configuration. Runs of earlier versions lack some keys. */
export type ExportedConfig = Pick<RunConfig, "classes" | "preprocessing"> & Partial<RunConfig>;

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
