/** @module A run on disk: the names of its files and its configuration. */
import type { AcrossPartitions, Partition, Reading } from "../dataset/labels/index";
import { Folder } from "../files/index";
import type { Preprocessing } from "../image/index";
import type { TrainingOptions } from "../options/index";

/** Of the names of the folds' runs, before the name of the fold. */
export const FOLD_PREFIX = "fold-";

/** Paths inside a run directory. Creates nothing. */
export class RunDirectory extends Folder {
  /** The resolved configuration ({@link RunConfig} as JSON). */
  readonly config = this.at("config.json");
  /** One JSON object per epoch. */
  readonly history = this.at("history.jsonl");
  readonly log = this.at("train.log");
  /** `{validation, test}` with the metric names of `histo metrics`. */
  readonly metrics = this.at("metrics.json");
  /** Statistics of the training tiles, to recognize unfamiliar images. */
  readonly familiar = this.at("familiar.json");
  /** Comparison of validation and test images with the training images. */
  readonly shift = this.at("shift.json");
  /** The exported model, if there is one. */
  readonly model = this.at("model");
  readonly report = this.at("report.html");
  /** Holds `last/`, `previous/` and `best/`. */
  readonly checkpoints = this.at("checkpoints");
  /** Weights of the best epoch while training; with a subspace stem, of the network on subspace coordinates. */
  readonly bestSoFar = this.at("checkpoints", "best", "weights.safetensors");
  /** Weights of the best epoch for the whole model on pixels. */
  readonly bestWeights = this.at("best", "weights.safetensors");
  /** Architecture of the model as Keras-style JSON (`tf.LayersModel.toJSON`). */
  readonly topology = this.at("best", "topology.json");
  /** Of a cross-validation, which has the runs of its folds in it: their metrics, and the spread of these. */
  readonly folds = this.at("folds.json");
  /** Tracking events to be sent. */
  readonly spool = this.at("tracking");

  /** CSV `filename,label,logit,probability` (and `votes_positive,votes_total` where known). */
  predictions(partition: Partition): string {
    return this.at(`predictions-${partition}.csv`);
  }

  /** The run of a fold. */
  fold(name: string): string {
    return this.at(`${FOLD_PREFIX}${encodeURIComponent(name)}`);
  }
}

/** A pretrained network that is part of a model. */
export interface PretrainedPart {
  readonly name: string;
  /** SHA-256 of its file or files. */
  readonly sha256: string;
  readonly licence?: string;
  readonly source?: string;
  /** Data it was trained on. */
  readonly pretraining?: string;
}

/** Tiles of each partition. */
export type TileCounts = Readonly<Record<"train" | "validation" | "test", number>>;

/** The content of `config.json`. */
export interface RunConfig extends TrainingOptions {
  /** Name of the run. */
  name: string;
  /** `[negative, positive]`. */
  classes: readonly [string, string];
  preprocessing: Preprocessing;
  /** Such as `150528-2352-2352-294-1`. */
  architecture: string;
  parameters: number;
  /** The classes that together are the negative one, if they are several. */
  together?: readonly string[];
  /** Tiles by partition. */
  tiles: TileCounts;
  /** By class. */
  tilesByClass?: Readonly<Record<string, TileCounts>>;
  /** Missing if the partitions share nothing. */
  acrossPartitions?: AcrossPartitions;
  /** The tiles are synthetic and show no tissue. */
  drawn?: boolean;
  /** Micrometres per pixel of the tiles before they were resized, if the data set's table gives it. */
  mpp?: number;
  /** Hash of the training pixels. */
  contentHash: string;
  /** How the data set was read. Missing in runs of earlier versions: 1. */
  reading?: Reading;
  /** Number of trainings from which validation chose these options. */
  bestOf?: number;
  /** Precision of products and kind of updates, which a resumed run keeps. */
  stepWay?: { readonly precision: "bf16" | "fp32"; readonly updates: "product" | "rule" | "tensorflow" };
  /** Predicted on a GPU, which rounds the factors of products. */
  onGpu?: true;
  /** Chosen on validation; absent while training. */
  threshold?: number;
  mlflowRunId?: string;
  /** Pretrained networks in the model. */
  pretrained?: readonly PretrainedPart[];
  /** Decisions made while reading the data set, as sentences. */
  notes?: readonly string[];
}
