/** @module A training run as an MLflow run: parameters, a point of every metric per epoch, figures and files. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { RunConfig, RunDirectory } from "../runs/index";
import { type ActiveRun, type StartRunOptions, startRun } from "../tracking/index";
import type { EpochResult, RunCallback, Trainer, TrainingResult } from "../training/index";
import { runFigures } from "./figures";
import { describeRun, logFigures, logRunFiles, numbers, rememberRunId } from "./run-log";

export interface TrackingOptions {
  readonly experiment: string;
  /** Default `MLFLOW_TRACKING_URI`, then the local server's address. */
  readonly trackingUri?: string | undefined;
  readonly tags?: Readonly<Record<string, string>>;
  /** Makes this a nested run. */
  readonly parent?: StartRunOptions["parent"];
  /** Send the best weights too; true unless told. */
  readonly weights?: boolean;
  readonly say?: (line: string) => void;
}

/** Logs a training while it goes on. Never in its way: without a server everything waits in the run directory. */
export class TrainingTracker implements RunCallback {
  private active: ActiveRun | undefined;
  private run: RunDirectory | undefined;

  constructor(private readonly options: TrackingOptions) {}

  get runUrl(): string | undefined {
    return this.active?.runUrl;
  }

  async onRun(run: RunDirectory, config: RunConfig): Promise<void> {
    const { experiment, trackingUri, tags = {}, parent, say } = this.options;
    this.run = run;
    this.active = await startRun({
      experiment,
      runName: config.name,
      spoolDirectory: run.spool,
      tags: { ...tags, architecture: config.architecture },
      ...(trackingUri && { trackingUri }),
      ...(parent && { parent }),
      ...(say && { say }),
    });
    describeRun(this.active, config);
  }

  onEpochEnd(_trainer: Trainer, result: EpochResult): void {
    const { epoch, learningRate, seconds, imagesPerSecond, train, validation } = result;
    this.active?.logMetrics(
      { ...numbers("train", train), ...numbers("validation", validation), learningRate, seconds, imagesPerSecond },
      epoch,
    );
  }

  async onInterrupt(): Promise<void> {
    await this.active?.end("KILLED");
  }

  onResult(result: TrainingResult): void {
    this.active?.logMetrics({
      ...numbers("best_validation", result.validation),
      ...numbers("test", result.test),
      bestEpoch: result.bestEpoch,
      peakMemoryBytes: result.peakMemoryBytes,
      totalSeconds: result.seconds,
    });
  }

  /** Sends the run's files, figures and, where there is one, the exported model, and ends the run. */
  async finish(model?: string): Promise<void> {
    const { active, run } = this;
    if (!active || !run) return;
    await logRunFiles(active, run);
    await logFigures(active, await runFigures(run));
    // The whole folder: a backbone lies beside the weights.
    if (this.options.weights !== false) await active.logArtifacts(dirname(run.topology), "best");
    else if (existsSync(run.topology)) await active.logArtifact(run.topology, "best");
    if (model) await active.logArtifacts(model, "model");
    await rememberRunId(active, run);
    await active.end("FINISHED");
  }

  /** Marks the run as failed. */
  async fail(): Promise<void> {
    await this.active?.end("FAILED");
  }
}
