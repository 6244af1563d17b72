/** @module What is found out about a finished run, logged to the MLflow run that it was trained in. Needs no TensorFlow. */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { messageOf } from "../errors/index";
import type { BinaryMetrics, RunResults } from "../evaluation/index";
import type { ExportResult } from "../export/index";
import { readJson } from "../files/index";
import { runFigures } from "../report/index";
import type { RunConfig } from "../runs/index";
import { RunDirectory } from "../runs/index";
import { type ActiveRun, startRun } from "../tracking/index";
import { describeRun, logFigures, logRunFiles, numbers, rememberRunId } from "./run-log";
import type { TrackingOptions } from "./track-training";

interface ResultsTracking {
  /** Where a run that has no MLflow run yet gets one. */
  readonly experiment: string;
  /** The MLflow run, where the directory was fetched from the server and does not say it itself. */
  readonly runId?: string | undefined;
  /** Default `MLFLOW_TRACKING_URI`, then the local server's address. */
  readonly trackingUri?: string | undefined;
  readonly say: (line: string) => void;
  /** Where a run that is made now is nested. */
  readonly parent?: TrackingOptions["parent"];
  /** Of a run that is made now. */
  readonly tags?: TrackingOptions["tags"];
}

/** What an evaluation found. */
export interface Evaluated {
  readonly validation?: BinaryMetrics;
  readonly test?: BinaryMetrics;
  /** Fitted on validation. */
  readonly temperature?: number;
  /** Path of the report, where one was written. */
  readonly report?: string;
}

/**
 * Logs an evaluation: metrics under the names that training gives them, figures, the report and, as `evaluation.json`,
 * everything found.
 * @param rule the rule by which the threshold was chosen anew: all goes below its name then, beside what training logged
 * @returns the page of the run, as far as the server has been reached
 */
export function logEvaluation(
  results: RunResults,
  found: Evaluated,
  { rule, ...tracking }: ResultsTracking & { readonly rule?: string | undefined },
): Promise<string | undefined> {
  const folder = rule === undefined ? "" : `${rule.replace(/[^\w.-]+/g, "-")}/`;
  return logTo(results.directory, tracking, async (active) => {
    const { validation, test, temperature, report } = found;
    active.logMetrics({
      ...(validation && numbers(`${folder}best_validation`, validation)),
      ...(test && numbers(`${folder}test`, test)),
      ...(temperature !== undefined && { temperature }),
    });
    await logFigures(active, await runFigures(results), folder);
    await active.logDict(found, `${folder}evaluation.json`);
    if (report) await active.logArtifact(report, folder.slice(0, -1) || undefined);
  });
}

/**
 * Logs an exported model: its directory below `model/`, apart from the one that training exported, and as tags and metrics
 * what it is and how it compares with the trained model.
 * @param folded the first layer was written as an ordinary one
 * @returns the page of the run, as far as the server has been reached
 */
export function logExport(
  run: string,
  exported: ExportResult,
  { folded = false, ...tracking }: ResultsTracking & { readonly folded?: boolean | undefined },
): Promise<string | undefined> {
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
    active.logMetrics(numbers(`export_${name}`, measures));
    await active.logArtifacts(out, `model/${name}`);
  });
}

/**
 * Adds to the MLflow run of a run directory, or makes one. What the directory's own log names goes first, for it may hold
 * what the server has not got yet. No reason to fail: the result is there whether it is logged or not.
 */
export async function logTo(
  run: RunDirectory,
  { experiment, runId, trackingUri, say, parent, tags }: ResultsTracking,
  log: (active: ActiveRun) => Promise<void>,
): Promise<string | undefined> {
  try {
    const config = existsSync(run.config) ? await readJson<Partial<RunConfig>>(run.config) : {};
    const id = runId ?? config.mlflowRunId;
    const active = await startRun({
      experiment,
      runName: config.name ?? basename(run.path),
      spoolDirectory: run.spool,
      amend: true,
      systemMetrics: false,
      say,
      ...(id && { runId: id }),
      ...(trackingUri && { trackingUri }),
      ...(parent && { parent }),
      tags: { ...tags, ...(config.architecture && { architecture: config.architecture }) },
    });
    try {
      if (!active.amends) {
        describeRun(active, config);
        await logRunFiles(active, run);
      }
      await log(active);
    } finally {
      // What was logged before an error counts too, and the run that it is about has finished in any case.
      await active.end("FINISHED");
      if (!id) await rememberRunId(active, run);
    }
    if (active.runUrl) say(`MLflow: ${active.runUrl}`);
    return active.runUrl;
  } catch (error) {
    say(`Warning: not logged to MLflow (${messageOf(error)}).`);
    return undefined;
  }
}
