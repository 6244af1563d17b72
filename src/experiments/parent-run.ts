/** @module The MLflow run that other runs are nested in, for searches and comparisons. Does not need TensorFlow. */
import { basename } from "node:path";
import type { Progress } from "../progress/index";
import { RunDirectory } from "../runs/index";
import { type ActiveRun, startRun } from "../tracking/index";
import type { TrackingOptions } from "./track-training";

/** Where a parent run is logged. */
export type ParentTracking = Pick<TrackingOptions, "experiment" | "trackingUri">;

/** Starts the parent run of a directory, or continues the one that the directory has. @param kind a tag of the run */
export function startParentRun(
  kind: "comparison" | "search" | "cross-validation",
  directory: string,
  tracking: ParentTracking,
  progress: Progress,
): Promise<ActiveRun> {
  const { experiment, trackingUri } = tracking;
  return startRun({
    experiment,
    runName: basename(directory),
    absence: "daily",
    tags: { kind },
    spoolDirectory: new RunDirectory(directory).spool,
    say: (line) => progress.say(line),
    ...(trackingUri && { trackingUri }),
  });
}

/** The data that a nested run needs about its parent. It is plain data because the nested run may start in another process. */
export function parentOf({ key, experiment, experimentId, continuedRunId }: ActiveRun): TrackingOptions["parent"] {
  return { key, experiment, experimentId, continuedRunId };
}
