/** @module `model.json`: everything a predictor has to know beside the ONNX graph. */
import type { ThresholdCurve } from "../evaluation/index";
import type { Preprocessing } from "../image/index";
import type { PretrainedPart, TileCounts } from "../runs/index";

/** An image with its known answer: a predictor is ready when it gives this logit. */
interface GoldenExample {
  /** PNG file beside `model.json`. */
  readonly image: string;
  readonly logit: number;
  /** Largest accepted difference of the logit. */
  readonly tolerance: number;
}

/** How an exported model compares with the trained one on the run's validation tiles. */
export interface Verification {
  readonly tiles: number;
  /** Largest difference of a logit. */
  readonly maxDeviation: number;
  /** Root of the mean squared difference of the logits. */
  readonly rmsDeviation: number;
  /** Standard deviation of the trained model's logits: what the differences are to be compared with. */
  readonly logitSpread: number;
  /** Area under the ROC curve; null where validation has one class only. */
  readonly rocAuc: { readonly trained: number; readonly exported: number } | null;
  /** Trained minus exported, and its 95 % interval (DeLong, paired); null where validation has one class only. */
  readonly rocAucDrop: number | null;
  readonly rocAucDropCi95: readonly [number, number] | null;
  /** Tiles whose answer at the run's threshold changed. */
  readonly changedAnswers: number;
}

/** The model as exported. A hand-written one for another project's classifier needs only the required keys. */
export interface ModelCard {
  readonly format: "histo-model/1";
  readonly name: string;
  /** `[negative, positive]`. */
  readonly classes: readonly [string, string];
  /** Probability from which on the positive class is predicted; chosen on validation. */
  readonly threshold: number;
  /** File name of the ONNX graph beside `model.json`. */
  readonly graph: string;
  readonly input: {
    readonly name: string;
    /** `uint8`: raw pixels, normalization is in the graph. `float32`: (pixel / 255 - mean) / std. */
    readonly dtype: "uint8" | "float32";
    readonly layout: "NHWC" | "NCHW";
  };
  readonly output: {
    readonly name: string;
    /** `logit`: one value per image; `probability`: of the positive class; `logits2`: two values, softmax over classes. */
    readonly kind: "logit" | "probability" | "logits2";
  };
  readonly preprocessing: Preprocessing;
  /** Micrometres of a pixel of the tiles that the model is trained on, for slides; absent where it is not known. */
  readonly mpp?: number;
  /** Flips and quarter turns of an image that the graph sees, and whose mean logit it gives; one where absent. */
  readonly views?: number;
  readonly variant?: "fp32" | "int8" | "compact";
  /**
   * Of a compact model: components that the first layer is split into (null: not split), bits of its weights, and the side of
   * the blocks of pixels that it takes the averages of (absent: the pixels themselves).
   */
  readonly compression?: { readonly rank: number | null; readonly bits: 4 | 8; readonly pooling?: number };
  /** How the exported model compares with the trained one on the run's validation tiles. */
  readonly verification?: Verification;
  readonly version?: string;
  /** File beside `model.json` with what the training tiles looked like, see the room `familiar`; absent where not known. */
  readonly familiar?: string;
  /** SHA-256 of every file of the model by its name; checked before loading. */
  readonly files?: Readonly<Record<string, string>>;
  readonly golden?: GoldenExample;
  /** `{validation: {...}, test: {...}}` with the metric names of `histo metrics`. */
  readonly metrics?: Readonly<Record<string, unknown>>;
  /** What other thresholds than {@link threshold} did on validation; absent where the run kept no predictions. */
  readonly validationCurve?: ThresholdCurve;
  /** On what measure the best epoch was chosen on validation, and by what rule the threshold. */
  readonly selection?: { readonly monitor: string; readonly thresholdRule: string };
  /** How validation and test images look beside the training images, see the room `familiar`. */
  readonly shift?: Readonly<
    Record<string, { readonly auc: number; readonly ci95: readonly [number, number]; readonly says: string }>
  >;
  /** What it learned from; absent where the run does not say. */
  readonly trainedOn?: {
    /** Tiles by partition. */
    readonly tiles: TileCounts;
    readonly byClass?: Readonly<Record<string, TileCounts>>;
    /** The tiles are drawn by a program: the model knows nothing of tissue. */
    readonly drawn: boolean;
    /** Networks in it that others trained before, with their licences. */
    readonly pretrained?: readonly PretrainedPart[];
  };
  /** For people: the architecture, such as `150528-2352-2352-294-1`, its parameters and where it was trained. */
  readonly architecture?: string;
  readonly parameters?: number;
  readonly source?: { readonly run?: string; readonly mlflowRunId?: string; readonly dataset?: string };
}

/** Whether a model learned from tiles that a program drew, so that it knows nothing of tissue; null where its card does not say. */
export function isTrainedOnDrawnTiles({ trainedOn }: Pick<ModelCard, "trainedOn">): boolean | null {
  return trainedOn?.drawn ?? null;
}

export type Compression = NonNullable<ModelCard["compression"]>;

/** Such as `first layer of rank 64 in 4 bits`. */
export function describeCompression({ rank, bits, pooling = 1 }: Compression): string {
  const form = rank !== null ? ` of rank ${rank}` : pooling > 1 ? ` on averages of ${pooling}x${pooling} pixels` : "";
  return `first layer${form} in ${bits} bits`;
}
