/** @module `model.json`: everything that a predictor needs besides the ONNX graph. */
import type { AcrossPartitions } from "../dataset/labels/index";
import type { ThresholdCurve } from "../evaluation/index";
import { decimal, interval95 } from "../format/index";
import type { Preprocessing } from "../image/index";
import type { PretrainedPart, TileCounts } from "../runs/index";

/** An image with its known answer. A predictor that returns this logit works. */
export interface GoldenExample {
  /** PNG file in the model directory. */
  readonly image: string;
  readonly logit: number;
  /** Largest accepted difference of the logit. */
  readonly tolerance: number;
}

/** Comparison of an exported model with the trained model on the run's validation tiles. */
export interface Verification {
  readonly tiles: number;
  readonly maxDeviation: number;
  /** Root mean square difference of the logits. */
  readonly rmsDeviation: number;
  /** Standard deviation of the trained model's logits, for comparison with the differences. */
  readonly logitSpread: number;
  /** Area under the ROC curve. Null if the validation tiles have only one class. */
  readonly rocAuc: { readonly trained: number; readonly exported: number } | null;
  /** Trained minus exported, and its 95 % interval (DeLong, paired). Null like {@link rocAuc}. */
  readonly rocAucDrop: number | null;
  readonly rocAucDropCi95: readonly [number, number] | null;
  /** Number of tiles whose answer at the run's threshold changed. */
  readonly changedAnswers: number;
}

/** Possible types of a graph's input. */
export const INPUT_TYPES = ["uint8", "float32", "float16", "float64"] as const;

/** Possible outputs of a graph for each image. */
export const OUTPUT_KINDS = ["logit", "probability", "logits2", "probabilities2"] as const;

/** An exported model. A card that is written by hand for another project's classifier needs only the required keys. */
export interface ModelCard {
  readonly format: "histo-model/1";
  readonly name: string;
  /** `[negative, positive]`. */
  readonly classes: readonly [string, string];
  /** The classes that together are the negative one, if they are several. */
  readonly together?: readonly string[];
  /** Smallest probability for which the positive class is predicted. Chosen on validation. */
  readonly threshold: number;
  /** File name of the ONNX graph in the model directory. */
  readonly graph: string;
  readonly input: {
    readonly name: string;
    /** `uint8`: raw pixels, which the graph normalizes. The others: (pixel / 255 - mean) / std in this precision. */
    readonly dtype: (typeof INPUT_TYPES)[number];
    readonly layout: "NHWC" | "NCHW";
  };
  readonly output: {
    readonly name: string;
    /**
     * `logit`: one value per image. `probability`: of the positive class. `logits2`: two values before the softmax over
     * classes. `probabilities2`: two after it.
     */
    readonly kind: (typeof OUTPUT_KINDS)[number];
  };
  readonly preprocessing: Preprocessing;
  /** Micrometres per pixel of the training tiles, for slides. Missing if it is not known. */
  readonly mpp?: number;
  /** Number of flips and quarter turns of an image whose mean logit the graph returns. Default: 1. */
  readonly views?: number;
  readonly variant?: "fp32" | "int8" | "compact";
  /**
   * First layer of a compact model: number of components that it is split into (null: not split), bits of its weights, and the
   * side of the blocks of pixels whose averages are its input (missing: the pixels themselves).
   */
  readonly compression?: { readonly rank: number | null; readonly bits: 4 | 8; readonly pooling?: number };
  readonly verification?: Verification;
  readonly version?: string;
  /** File in the model directory with statistics of the training tiles, see the room `familiar`. */
  readonly familiar?: string;
  /** SHA-256 of every file of the model by its name. Checked before loading. */
  readonly files?: Readonly<Record<string, string>>;
  readonly golden?: GoldenExample;
  /** `{validation: {...}, test: {...}}` with the metric names of `histo metrics`. */
  readonly metrics?: Readonly<Record<string, unknown>>;
  /** Metrics on validation for other thresholds than {@link threshold}. Missing if the run has no stored predictions. */
  readonly validationCurve?: ThresholdCurve;
  /**
   * The measure that selected the best epoch on validation, or that the weights were solved exactly instead, and the rule that
   * selected the threshold. `bestOf`: number of trainings with other options from which the AUC on validation selected this one.
   */
  readonly selection?: {
    readonly monitor?: string;
    readonly isSolved?: true;
    readonly thresholdRule: string;
    readonly bestOf?: number;
  };
  /** Comparison of the validation and test images with the training images, see the room `familiar`. */
  readonly shift?: Readonly<
    Record<string, { readonly auc: number; readonly ci95: readonly [number, number]; readonly says: string }>
  >;
  /** The training data. Missing if the run does not describe it. */
  readonly trainedOn?: {
    /** Tiles by partition. */
    readonly tiles: TileCounts;
    readonly byClass?: Readonly<Record<string, TileCounts>>;
    /** Missing if the partitions share nothing. */
    readonly acrossPartitions?: AcrossPartitions;
    /** The tiles were drawn by a program, so the model has not seen tissue. */
    readonly drawn: boolean;
    /** Pretrained networks in it, with their licences. */
    readonly pretrained?: readonly PretrainedPart[];
  };
  /** For readers: the architecture, such as `150528-2352-2352-294-1`, its parameters and where it was trained. */
  readonly architecture?: string;
  readonly parameters?: number;
  /** Weights stored in 8 or 4 bits, of another variant than fp32. */
  readonly roundedWeights?: number;
  readonly source?: { readonly run?: string; readonly mlflowRunId?: string; readonly dataset?: string };
}

/** Whether a model was trained on tiles that a program drew, so that it has not seen tissue. Null if its card does not say. */
export function isTrainedOnDrawnTiles({ trainedOn }: Pick<ModelCard, "trainedOn">): boolean | null {
  return trainedOn?.drawn ?? null;
}

/** What a variant in fewer bits leaves out, such as all convolutions. Empty if it rounds weights. */
export function describeUnrounded({ variant = "fp32", roundedWeights }: Pick<ModelCard, "variant" | "roundedWeights">) {
  if (variant === "fp32" || roundedWeights !== 0) return "";
  return `${variant} changes nothing here: it rounds large dense layers only, and this network has none, so that its graph is that of fp32.`;
}

/** What an export did to the AUC, such as `drops by 0.0040 (95 % -0.0060 to 0.0130)`. Undefined if it was not measured. */
export function describeAucChange({
  rocAucDrop: drop,
  rocAucDropCi95: ends,
}: Pick<Verification, "rocAucDrop" | "rocAucDropCi95">): string | undefined {
  if (drop === null) return undefined;
  const rises = drop < 0;
  // The interval of a rise is that of the drop, mirrored.
  const interval = rises ? ends?.map((end) => -end).reverse() : ends;
  const size = decimal(Math.abs(drop), 4);
  const change = Number(size) === 0 ? "stays the same" : `${rises ? "rises" : "drops"} by ${size}`;
  return `${change}${interval95(interval, 4)}`;
}

export type Compression = NonNullable<ModelCard["compression"]>;

/** A description such as `first layer of rank 64 in 4 bits`. */
export function describeCompression({ rank, bits, pooling = 1 }: Compression): string {
  const form = rank !== null ? ` of rank ${rank}` : pooling > 1 ? ` on averages of ${pooling}x${pooling} pixels` : "";
  return `first layer${form} in ${bits} bits`;
}
