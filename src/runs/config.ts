/** @module The content of a run's `config.json`: its options and what training determined. */
import type { Preprocessing } from "../image/index";
import type { TrainingOptions } from "../options/index";

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
  /** Tiles by partition. */
  tiles: TileCounts;
  /** By class. */
  tilesByClass?: Readonly<Record<string, TileCounts>>;
  /** The tiles are synthetic and show no tissue. */
  drawn?: boolean;
  /** Micrometres per pixel of the tiles before they were resized, if the data set's table gives it. */
  mpp?: number;
  /** Hash of the training pixels. */
  contentHash: string;
  /** Precision of products and kind of updates, which a resumed run keeps. */
  stepWay?: { readonly precision: "bf16" | "fp32"; readonly updates: "product" | "rule" | "tensorflow" };
  /** Chosen on validation; absent while training. */
  threshold?: number;
  mlflowRunId?: string;
  /** Pretrained networks in the model. */
  pretrained?: readonly PretrainedPart[];
  /** Decisions made while reading the data set, as sentences. */
  notes?: readonly string[];
}
