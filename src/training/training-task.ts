/** @module What a run trains: a network, its examples, and how the two become a model on pixels. */
import type { Partition } from "../dataset/index";
import type { Progress } from "../progress/index";
import type { PretrainedPart, RunDirectory } from "../runs/index";
import type { tf } from "../tensorflow/index";
import type { Examples } from "./batches";

/** What is trained, on what, and how it becomes a model on pixels. */
export interface TrainingTask {
  /** The network under training. */
  readonly model: tf.LayersModel;
  readonly examples: Readonly<Record<Partition, Examples>>;
  /** Such as `150528-2352-2352-294-1`. */
  readonly architecture: string;
  /** Parameters in front of the trained network, which the finished model has too. */
  readonly stemParameters: number;
  /** What the stem is, where a run can only go on with the same one. */
  readonly stemFingerprint?: string;
  /** Learning rates of variables as multiples of the run's. */
  readonly layerRates?: ReadonlyMap<tf.Variable, number>;
  /** Weights are where they belong already: the trainer only measures them. */
  readonly isSolved?: boolean;
  /** The networks that were trained before by others, on what terms. */
  readonly pretrained?: readonly PretrainedPart[];
  /** Writes the model on pixels into the run, from the weights now in `model`. */
  save(run: RunDirectory): Promise<void>;
  /** Frees the model and ends the thread that loads its examples. A process may train many networks. */
  close(): Promise<void>;
}

/** What building a network may take: time to show, and a stop. */
export interface TaskContext {
  readonly progress: Progress;
  readonly signal?: AbortSignal;
  /** Where bases and coordinates are kept. Default: `subspace` of the cache. */
  readonly subspaceDirectory?: string;
}
