/** @module What a run trains: a network, its examples, and how to save it as a model on pixels. */
import type { Partition, Reading } from "../dataset/index";
import type { Progress } from "../progress/index";
import type { PretrainedPart, RunDirectory } from "../runs/index";
import type { tf } from "../tensorflow/index";
import type { Examples } from "./batches";

export interface TrainingTask {
  readonly model: tf.LayersModel;
  readonly examples: Readonly<Record<Partition, Examples>>;
  /** Such as `150528-2352-2352-294-1`. */
  readonly architecture: string;
  /** Number of parameters that the final model has before the trained network. */
  readonly stemParameters: number;
  /** Identifies the stem, if a resumed run must have the same one. */
  readonly stemFingerprint?: string;
  /** Factors on the run's learning rate, by variable. */
  readonly layerRates?: ReadonlyMap<tf.Variable, number>;
  /** The weights are solved already, and the trainer only evaluates them. */
  readonly isSolved?: boolean;
  /** The pretrained networks in it, with their licences. */
  readonly pretrained?: readonly PretrainedPart[];
  /** Writes the model on pixels into the run, with the current weights of `model`. */
  save(run: RunDirectory): Promise<void>;
  /** Ends the thread that loads the examples, if there is one. */
  close?(): Promise<void>;
}

/** What is needed to build a network. */
export interface TaskContext {
  readonly progress: Progress;
  readonly signal?: AbortSignal;
  /** Folder for bases and coordinates. Default: `subspace` in the cache. */
  readonly subspaceDirectory?: string;
  /** How the data set is read. Default: as today. */
  readonly reading?: Reading;
}
