/** @module The MLflow run that other runs are nested in, for searches and comparisons. Does not need TensorFlow. */
import { basename } from "node:path";
import { Interrupted } from "../errors/index";
import type { Progress } from "../progress/index";
import { RunDirectory } from "../runs/index";
import { type ActiveRun, startRun } from "../tracking/index";
import { endLogged, type Logged } from "./run-log";
import type { TrackingOptions } from "./track-training";

/** Where a parent run is logged; false: nowhere. */
export type ParentTracking = Pick<TrackingOptions, "experiment" | "trackingUri"> | false;

export class ParentRun {
  private constructor(
    readonly active: ActiveRun,
    readonly tracking: Exclude<ParentTracking, false>,
  ) {}

  /** Starts the run of a directory, or continues the one that the directory has. @param kind a tag of the run */
  static async start(
    kind: "comparison" | "search" | "cross-validation",
    directory: string,
    tracking: ParentTracking | undefined,
    progress: Progress,
  ): Promise<ParentRun | undefined> {
    if (!tracking) return undefined;
    const { experiment, trackingUri } = tracking;
    const active = await startRun({
      experiment,
      trackingUri,
      runName: basename(directory),
      absence: "daily",
      tags: { kind },
      spoolDirectory: new RunDirectory(directory).spool,
      say: (line) => progress.say(line),
    });
    return new ParentRun(active, tracking);
  }

  /** Options for logging a training as a nested run. Plain data, because the training may start in another process. */
  nested(tags: Readonly<Record<string, string>>, weights = false): Omit<TrackingOptions, "say"> {
    const { key, experiment, experimentId, continuedRunId } = this.active;
    return { ...this.tracking, parent: { key, experiment, experimentId, continuedRunId }, tags, weights };
  }

  finish(): Promise<Logged> {
    return endLogged(this.active);
  }

  /** Ends the run after an error of its work. */
  async fail(error: unknown): Promise<void> {
    await this.active.end(error instanceof Interrupted ? "KILLED" : "FAILED");
  }
}
