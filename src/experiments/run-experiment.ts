/** @module One experiment from data to an exported, tracked model: what `histo train` and the notebooks do. */
import { join } from "node:path";
import { exportRun, type Variant } from "../onnx/index";
import { silentProgress } from "../progress/index";
import type { TrainingOptions } from "../runs/index";
import { type RunTrainingOptions, runTraining, type TrainingResult } from "../training/index";
import { type TrackingOptions, TrainingTracker } from "./track-training";

export interface ExperimentOptions extends RunTrainingOptions {
  /** Log to MLflow. */
  readonly track?: TrackingOptions | false;
  /** Export the best model into `model/` of the run. */
  readonly variant?: Variant | "none";
}

export interface ExperimentResult extends TrainingResult {
  /** Directory of the exported model. */
  readonly model?: string;
  /** Page of the run in MLflow. */
  readonly runUrl?: string;
}

/** Trains, exports and logs. */
export async function runExperiment(
  options: Partial<TrainingOptions> & { data: string },
  { track = false, variant = "none", ...training }: ExperimentOptions,
): Promise<ExperimentResult> {
  const { progress = silentProgress, signal, callbacks = [] } = training;
  const tracker = track ? new TrainingTracker({ say: (line) => progress.say(line), ...track }) : undefined;
  try {
    const result = await runTraining(options, {
      ...training,
      callbacks: [...callbacks, ...(tracker ? [tracker] : [])],
    });
    const model = variant === "none" ? undefined : join(result.run, "model");
    if (model && variant !== "none") {
      await exportRun({ run: result.run, out: model, variant, progress, ...(signal && { signal }) });
    }
    await tracker?.finish(model);
    const runUrl = tracker?.runUrl;
    if (runUrl) progress.say(`MLflow: ${runUrl}`);
    return { ...result, ...(model && { model }), ...(runUrl && { runUrl }) };
  } catch (error) {
    await tracker?.fail();
    throw error;
  }
}
