/** @module A placeholder for a frozen backbone in a model. ONNX Runtime computes it, before training and after export. */
import { tf } from "../../tensorflow/index";
import { Layer } from "./layer";

export interface OnnxBackboneConfig {
  readonly name?: string;
  /** Name of the ONNX file next to the weights. (tfjs writes strings in lower case, which could break a path.) */
  readonly file: string;
  /** Numbers per image. */
  readonly features: number;
  /** Mean and deviation of the pixels' standardization, which is undone first. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Of the file, lower-case hex. */
  readonly sha256: string;
  /** Index of the output in the file, its number of axes, and how it becomes one vector per image. */
  readonly output: number;
  readonly rank: number;
  readonly pooling: "none" | "first" | "mean" | "first-and-mean";
  /** Number of tokens before the patch tokens. */
  readonly prefix?: number;
  /** The file takes `(byte / 255 - normalMean) / normalStd`. */
  readonly normalMean: readonly number[];
  readonly normalStd: readonly number[];
}

/** (f - shift) * scale, f the backbone's features of the image; weights shift and scale [features], not trained. */
export class OnnxBackbone extends Layer<OnnxBackboneConfig> {
  static readonly className = "OnnxBackbone";

  constructor(config: OnnxBackboneConfig) {
    super({ ...(config.name !== undefined && { name: config.name }), trainable: false }, config);
  }

  override build(inputShape: tf.Shape): void {
    this.addFixedWeight("shift", [this.settings.features], "zeros");
    this.addFixedWeight("scale", [this.settings.features], "ones");
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return [inputShape[0] ?? null, this.settings.features];
  }

  /** @throws always, because TensorFlow cannot run ONNX graphs */
  protected compute(): never {
    throw new Error("ONNX Runtime runs the backbone; export the model first.");
  }
}

tf.serialization.registerClass(OnnxBackbone);
