/** @module Logs evaluations and exports of a finished run to the MLflow run of its training. Does not need TensorFlow. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { messageOf } from "../errors/index";
import type { RunMetrics, RunResults } from "../evaluation/index";
import type { ExportResult } from "../export/index";
import { readJson } from "../files/index";
import type { ModelCard } from "../model-directory/index";
import { runFigures } from "../report/index";
import { type RunConfig, RunDirectory } from "../runs/index";
import { type ActiveRun, startRun } from "../tracking/index";
import {
  describeResults,
  describeRun,
  endLogged,
  type Logged,
  logFigures,
  logRunFiles,
  mlmodel,
  rememberRunId,
  resultNumbers,
  trainingPage,
} from "./run-log";
import type { TrackingOptions } from "./track-training";

/** `experiment`, `parent` and `tags` are for a new MLflow run, if the run has none yet. */
interface ResultsTracking extends Omit<TrackingOptions, "weights"> {
  /** The MLflow run, if the directory was fetched from the server and its configuration does not name it. */
  readonly runId?: string | undefined;
  readonly say: (line: string) => void;
}

/** Results of an evaluation. */
interface Evaluated extends RunMetrics {
  /** Fitted on validation. */
  readonly temperature?: number;
  /** Path of the report, if one was written. */
  readonly report?: string;
}

/**
 * Logs an evaluation: metrics under the same names as in training, figures, the report and, as `evaluation.json`, all results.
 * @param rule by which the threshold was chosen again; everything is then logged under its name
 */
export function logEvaluation(
  results: RunResults,
  found: Evaluated,
  { rule, ...tracking }: ResultsTracking & { readonly rule?: string | undefined },
): Promise<Logged> {
  const folder = rule === undefined ? "" : `${rule.replace(/[^\w.-]+/g, "-")}/`;
  return logTo(results.directory, tracking, async (active) => {
    const { temperature, report } = found;
    active.logMetrics(resultNumbers(found, folder));
    if (temperature !== undefined) active.setTag("temperature", temperature);
    if (!active.amends) await describeResults(active, results);
    await logFigures(active, await runFigures(results), folder);
    await active.logDict(found, `${folder}evaluation.json`);
    if (report) await active.logArtifact(report, folder.slice(0, -1) || undefined);
  });
}

/**
 * Logs an exported model: its directory below `model/`, from which `mlflow.onnx.load_model("runs:/RUN_ID/model/VARIANT")` can load it, and its
 * variant and its differences from the trained model as tags. @param folded the first layer is an ordinary one
 */
export function logExport(
  run: string,
  exported: ExportResult,
  { folded = false, ...tracking }: ResultsTracking & { readonly folded?: boolean | undefined },
): Promise<Logged> {
  return logTo(new RunDirectory(run), tracking, async (active) => {
    const { out, variant, bytes, sha256, verification } = exported;
    const name = folded ? `${variant}-folded` : variant;
    const { rocAucDrop, maxDeviation } = verification ?? {};
    const measures = { bytes, rocAucDrop, maxDeviation };
    const known = Object.entries({ ...measures, sha256 }).filter(([, value]) => value !== undefined && value !== null);
    active.setTags({
      "export.variant": name,
      ...Object.fromEntries(known.map(([key, value]) => [`export.${name}.${key}`, value])),
    });
    await active.logArtifacts(out, `model/${name}`);
    const card = await readJson<ModelCard>(join(out, "model.json"));
    await active.logText(mlmodel(card, `model/${name}`), `model/${name}/MLmodel`);
  });
}

/**
 * Adds to the MLflow run of a run directory, or creates one. The directory's own log decides which run it is, because the log
 * may hold events that the server does not have yet. An error is only a warning, because the results exist without the log.
 */
export async function logTo(
  run: RunDirectory,
  { experiment, runId, trackingUri, say, parent, tags }: ResultsTracking,
  log: (active: ActiveRun) => Promise<void>,
): Promise<Logged> {
  try {
    const config = existsSync(run.config) ? await readJson<Partial<RunConfig>>(run.config) : {};
    const id = runId ?? config.mlflowRunId;
    const active = await startRun({
      experiment,
      trackingUri,
      parent,
      say,
      runName: config.name ?? basename(run.path),
      spoolDirectory: run.spool,
      amend: true,
      absence: "daily",
      systemMetrics: false,
      ...(id && { runId: id }),
      tags: { ...tags, ...(config.architecture && { architecture: config.architecture }) },
    });
    let logged: Logged = {};
    try {
      if (!active.amends) {
        describeRun(active, config);
        await logRunFiles(active, run);
      }
      await log(active);
    } finally {
      // Also after an error: what was logged before it is valid, and the training has finished.
      logged = await endLogged(active);
      if (!id) await rememberRunId(active, run);
    }
    if (logged.runUrl) say(`MLflow: ${trainingPage(logged.runUrl)}`);
    return logged;
  } catch (error) {
    say(`Warning: not logged to MLflow (${messageOf(error)}).`);
    return {};
  }
}
