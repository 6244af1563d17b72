/** @module Layers that training does not change: the subspace stem, the colour features, and backbones in ONNX files. */
import { tf } from "../../tensorflow/index";
import { type ColourFeaturesConfig, colourFeatureCount, measureColours } from "./colour-measures";
import { Layer } from "./layer";

interface SubspaceProjectionConfig {
  readonly name?: string;
  /** Number of coordinates. */
  readonly rank: number;
}

/** z = x B + o for flat x [n, d], basis B [d, rank] and offset o [rank]; no trainable weights. */
export class SubspaceProjection extends Layer<Pick<SubspaceProjectionConfig, "rank">> {
  static readonly className = "SubspaceProjection";
  private basis!: tf.LayerVariable;
  private offset!: tf.LayerVariable;

  constructor({ rank, ...config }: SubspaceProjectionConfig) {
    super({ ...config, trainable: false }, { rank });
  }

  override build(inputShape: tf.Shape): void {
    const { rank } = this.settings;
    this.basis = this.addFixedWeight("basis", [inputShape[1] as number, rank], "zeros");
    this.offset = this.addFixedWeight("offset", [rank], "zeros");
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return [inputShape[0] ?? null, this.settings.rank];
  }

  protected compute(x: tf.Tensor2D): tf.Tensor {
    return tf.add(tf.matMul(x, this.basis.read() as tf.Tensor2D), this.offset.read());
  }
}

tf.serialization.registerClass(SubspaceProjection);

/**
 * Standardized pixels [n, h, w, 3] to [n, features]: for each of six channels the share of pixels above 15 levels, the
 * mean, the standard deviation at full resolution and of averages over 2, 4, 8 and 16 pixels, and the mean absolute
 * difference of neighbours; then shifted and scaled by the weights `shift` and `scale` [features], which are not trained.
 * Pixels are first converted back to levels from 0 to 255; they get no gradient.
 */
export class ColourFeatures extends Layer<ColourFeaturesConfig> {
  static readonly className = "ColourFeatures";
  private shift!: tf.LayerVariable;
  private scale!: tf.LayerVariable;

  constructor({ mean, std, ...config }: ColourFeaturesConfig) {
    super({ ...config, trainable: false }, { mean: [...mean], std: [...std] });
  }

  override build(inputShape: tf.Shape): void {
    const count = [colourFeatureCount(inputShape[1] as number)];
    this.shift = this.addFixedWeight("shift", count, "zeros");
    this.scale = this.addFixedWeight("scale", count, "ones");
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return [inputShape[0] ?? null, colourFeatureCount(inputShape[1] as number)];
  }

  protected compute(x: tf.Tensor4D): tf.Tensor {
    return tf.tidy(() => tf.mul(tf.sub(colourFeatures(x, this.settings), this.shift.read()), this.scale.read()));
  }
}

/** The features before shift and scale, [n, features]; see {@link ColourFeatures}. */
function colourFeatures(pixels: tf.Tensor4D, { mean, std }: ColourFeaturesConfig): tf.Tensor2D {
  const [count, height, width] = pixels.shape;
  const levels = new Uint8ClampedArray(pixels.size); // rounds to nearest, ties to even
  pixels.dataSync().forEach((value, i) => {
    levels[i] = 255 * (value * (std[i % 3] as number) + (mean[i % 3] as number));
  });
  const measured = new Float32Array(count * colourFeatureCount(height));
  for (let i = 0; i < count; i++) {
    const own = levels.subarray((i * levels.length) / count, ((i + 1) * levels.length) / count);
    measured.set(measureColours(own, height, width), (i * measured.length) / count);
  }
  return tf.tensor2d(measured, [count, measured.length / count]);
}

tf.serialization.registerClass(ColourFeatures);

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
