/** @module What a run was made with and what it found out: the content of `config.json`. */
import type { Preprocessing } from "../image/index";
import type { TrainingOptions } from "../options/index";

/** A network that others trained before, as a part of a model. */
export interface PretrainedPart {
  readonly name: string;
  /** SHA-256 of its file or files. */
  readonly sha256: string;
  readonly licence?: string;
  readonly source?: string;
  /** What it was trained on. */
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
  /** The tiles are drawn by a program: they show no tissue. */
  drawn?: boolean;
  /** Hash of the pixels that it was trained on. */
  contentHash: string;
  /** How its steps are computed, which a resumed run keeps: precision of products, way of updates. */
  stepWay?: { readonly precision: "bf16" | "fp32"; readonly updates: "product" | "rule" | "tensorflow" };
  /** Chosen on validation; absent while training. */
  threshold?: number;
  mlflowRunId?: string;
  /** Networks in it that others trained before. */
  pretrained?: readonly PretrainedPart[];
  /** What the data set's reader had to decide, for people. */
  notes?: readonly string[];
}
