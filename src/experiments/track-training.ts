/** @module Logs a training run to MLflow: parameters, every metric for each epoch, figures and files. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { readRun } from "../evaluation/index";
import type { Figure } from "../plots/index";
import { runFigures } from "../report/index";
import type { RunConfig, RunDirectory } from "../runs/index";
import { type ActiveRun, loggedStatus, type StartRunOptions, startRun } from "../tracking/index";
import type { EpochResult, RunCallback, Trainer, TrainingResult } from "../training/index";
import {
  describeResults,
  describeRun,
  endLogged,
  type Logged,
  logFigures,
  logOnnxModel,
  logRunFiles,
  numbers,
  rememberRunId,
  resultNumbers,
} from "./run-log";

export interface TrackingOptions {
  readonly experiment: string;
  /** Default `MLFLOW_TRACKING_URI`, then the local server's address. */
  readonly trackingUri?: string | undefined;
  readonly tags?: Readonly<Record<string, string>>;
  /** Makes this a nested run. */
  readonly parent?: StartRunOptions["parent"];
  /** Send the best weights too. Default: true. */
  readonly weights?: boolean;
  readonly say?: (line: string) => void;
}

/** Low, because it is at the top of the run's page. */
const CURVES_SIZE = { width: 860, height: 300 };

/** The metrics that change from epoch to epoch. */
function curvesOf({ n: _n, threshold: _threshold, ...curves }: EpochResult["train"]): object {
  return curves;
}

/** Logs a training while it runs. Never delays it: without a server, the events wait in the run directory. */
export class TrainingTracker implements RunCallback {
  private active: ActiveRun | undefined;
  private run: RunDirectory | undefined;
  /** The run had ended before, and only its log had not. */
  private hadEnded = false;
  /** Metrics of the best epoch and its number. */
  private final: Parameters<typeof logOnnxModel>[3] = { metrics: {}, step: 0 };

  constructor(private readonly options: TrackingOptions) {}

  async onRun(run: RunDirectory, config: RunConfig): Promise<void> {
    const { experiment, trackingUri, tags = {}, parent, say } = this.options;
    this.hadEnded = config.threshold !== undefined;
    if (this.hadEnded && !(await isUnfinished(run))) return;
    this.run = run;
    this.active = await startRun({
      experiment,
      trackingUri,
      parent,
      say,
      runName: config.name,
      absence: "daily",
      spoolDirectory: run.spool,
      tags: { kind: "training", ...tags, architecture: config.architecture },
    });
    describeRun(this.active, config);
  }

  onEpochEnd(_trainer: Trainer, result: EpochResult): void {
    const { epoch, learningRate, seconds, imagesPerSecond, train, validation } = result;
    this.active?.logMetrics(
      {
        ...numbers("train", { ...curvesOf(train), learningRate, seconds, imagesPerSecond }),
        ...numbers("validation", curvesOf(validation)),
      },
      epoch,
    );
  }

  async onInterrupt(): Promise<void> {
    await this.active?.end("KILLED");
  }

  onResult(result: TrainingResult): void {
    const { bestEpoch, peakMemoryBytes, seconds } = result;
    this.final = { metrics: resultNumbers(result), step: bestEpoch };
    this.active?.logMetrics(this.final.metrics, bestEpoch);
    const costs = { peakMemoryBytes, totalSeconds: Number(seconds.toFixed(1)) };
    // Tags instead of metrics, because MLflow draws a metric with one value as a bar.
    this.active?.setTags({ bestEpoch, ...(!this.hadEnded && costs) });
  }

  /** Sends the run's files, figures and exported model, if there is one, and ends the run. */
  async finish(model?: string): Promise<Logged> {
    const { active, run } = this;
    if (!active || !run) return {};
    await logRunFiles(active, run);
    const results = await readRun(run.path);
    const figures = await runFigures(results);
    await logFigures(active, figures);
    await describeResults(active, results, await this.pictureOf(figures.learningCurves));
    // The whole folder, because it can also contain a backbone.
    if (this.options.weights !== false) await active.logArtifacts(dirname(run.topology), "best");
    else if (existsSync(run.topology)) await active.logArtifact(run.topology, "best");
    if (model) await logOnnxModel(active, model, "model", this.final);
    await rememberRunId(active, run);
    return endLogged(active);
  }

  /** Logs a figure as an image too. @returns its path; undefined if the run has no page yet */
  private async pictureOf(figure: Figure | undefined): Promise<string | undefined> {
    const { active } = this;
    if (!figure || !active?.runId) return undefined;
    const { figureToPng } = await import("../notebook/index.js");
    const path = "figures/learningCurves.png";
    await active.logImage(await figureToPng(figure, CURVES_SIZE), path);
    return path;
  }

  /** Ends the run without results. */
  async end(status: "FAILED" | "KILLED"): Promise<void> {
    await this.active?.end(status);
  }
}

/** True if a run was logged, and was stopped before all of it was: while its model was exported, or its files were taken. */
async function isUnfinished(run: RunDirectory): Promise<boolean> {
  const status = await loggedStatus(run.spool);
  return status !== undefined && status !== "FINISHED";
}
