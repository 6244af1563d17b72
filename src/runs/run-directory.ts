/** @module The names of a training run's files. */
import { join } from "node:path";
import type { Partition } from "../dataset/labels/index";

/** Paths inside a run directory. Creates nothing. */
export class RunDirectory {
  constructor(readonly path: string) {}

  /** The resolved configuration ({@link RunConfig} as JSON). */
  get config(): string {
    return join(this.path, "config.json");
  }
  /** One JSON object per epoch. */
  get history(): string {
    return join(this.path, "history.jsonl");
  }
  get log(): string {
    return join(this.path, "train.log");
  }
  /** `{validation, test}` with the metric names of `histo metrics`. */
  get metrics(): string {
    return join(this.path, "metrics.json");
  }
  /** Statistics of the training tiles, to recognize unfamiliar images. */
  get familiar(): string {
    return join(this.path, "familiar.json");
  }

  /** Comparison of validation and test images with the training images. */
  get shift(): string {
    return join(this.path, "shift.json");
  }
  /** The exported model, if there is one. */
  get model(): string {
    return join(this.path, "model");
  }
  get report(): string {
    return join(this.path, "report.html");
  }
  /** Holds `last/`, `previous/` and `best/`. */
  get checkpoints(): string {
    return join(this.path, "checkpoints");
  }
  /** Weights of the best epoch while training; with a subspace stem, of the network on subspace coordinates. */
  get bestSoFar(): string {
    return join(this.checkpoints, "best", "weights.safetensors");
  }
  /** Weights of the best epoch for the whole model on pixels. */
  get bestWeights(): string {
    return join(this.path, "best", "weights.safetensors");
  }
  /** Architecture of the model as Keras-style JSON (`tf.LayersModel.toJSON`). */
  get topology(): string {
    return join(this.path, "best", "topology.json");
  }
  /** Tracking events to be sent. */
  get spool(): string {
    return join(this.path, "tracking");
  }
  /** CSV `filename,label,logit,probability` (and `votes_positive,votes_total` where known). */
  predictions(partition: Partition): string {
    return join(this.path, `predictions-${partition}.csv`);
  }
}
