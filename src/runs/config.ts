/** @module What a run was made with and what it found out: the content of `config.json`. */
import type { Preprocessing } from "../image/index";
import type { TrainingOptions } from "../options/index";

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
  tiles: { train: number; validation: number; test: number };
  /** Hash of the pixels that it was trained on. */
  contentHash: string;
  /** How its steps are computed, which a resumed run keeps: precision of products, way of updates. */
  stepWay?: { readonly precision: "bf16" | "fp32"; readonly updates: "product" | "rule" | "tensorflow" };
  /** Chosen on validation; absent while training. */
  threshold?: number;
  mlflowRunId?: string;
  /** What the data set's reader had to decide, for people. */
  notes?: readonly string[];
}
