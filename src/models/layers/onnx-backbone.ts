/** @module A frozen backbone's place in a model. It is computed by ONNX Runtime, before training and after export. */
import { tf } from "../../tensorflow/index";

interface OnnxBackboneConfig {
  readonly name?: string;
  /** Name of the ONNX file beside the weights. (tfjs writes texts in lower case, so a path would not do.) */
  readonly file: string;
  /** Numbers an image. */
  readonly features: number;
  /** Of the standardization of the pixels, which is undone first. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Of the file, lower-case hex. */
  readonly sha256: string;
  /** Place of the output among the file's outputs, its number of axes, and how it becomes one vector an image. */
  readonly output: number;
  readonly rank: number;
  readonly pooling: "none" | "first" | "mean" | "first-and-mean";
  /** Tokens before those of the patches. */
  readonly prefix?: number;
  /** The file takes `(byte / 255 - normalMean) / normalStd`. */
  readonly normalMean: readonly number[];
  readonly normalStd: readonly number[];
}

/** (f - shift) * scale, f the backbone's features of the image; weights shift and scale [features], not trained. */
export class OnnxBackbone extends tf.layers.Layer {
  static readonly className = "OnnxBackbone";
  private readonly settings: OnnxBackboneConfig;

  constructor(config: OnnxBackboneConfig) {
    super({ name: config.name, trainable: false } as ConstructorParameters<typeof tf.layers.Layer>[0]);
    this.settings = config;
  }

  override build(inputShape: tf.Shape): void {
    const count = [this.settings.features];
    const { ones, zeros } = tf.initializers;
    this.addWeight("shift", count, "float32", zeros(), undefined, false);
    this.addWeight("scale", count, "float32", ones(), undefined, false);
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return [inputShape[0] ?? null, this.settings.features];
  }

  /** @throws always: TensorFlow does not run ONNX graphs */
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    if (x instanceof tf.Tensor) throw new Error("A backbone is run by ONNX Runtime; export the model first.");
    return x as unknown as tf.Tensor;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { mean, std, normalMean, normalStd, ...rest } = this.settings;
    const lists = { mean: [...mean], std: [...std], normalMean: [...normalMean], normalStd: [...normalStd] };
    return { ...super.getConfig(), ...rest, ...lists };
  }
}

tf.serialization.registerClass(OnnxBackbone);
