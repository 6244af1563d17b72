/** @module The MLflow run that others are nested in: of a search, of a comparison. Needs no TensorFlow. */
import { basename } from "node:path";
import type { Progress } from "../progress/index";
import { RunDirectory } from "../runs/index";
import { type ActiveRun, startRun } from "../tracking/index";
import type { TrackingOptions } from "./track-training";

/** Where a parent run goes. */
export type ParentTracking = Pick<TrackingOptions, "experiment" | "trackingUri">;

/** Begins the parent run of a directory, or goes on with the one that it has. @param kind a tag of it */
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

/** What a nested run needs to know of its parent, as plain data: it may begin in another process. */
export function parentOf({ key, experiment, experimentId, continuedRunId }: ActiveRun): TrackingOptions["parent"] {
  return { key, experiment, experimentId, continuedRunId };
}
