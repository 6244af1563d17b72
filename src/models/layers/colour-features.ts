/**
 * @module Colour and texture of a tile as a vector: what a model can know without seeing shapes. Rotating or mirroring the
 * tile does not change the numbers.
 */
import { tf } from "../../tensorflow/index";
import { type ColourFeaturesConfig, colourFeatureCount, measureColours } from "./colour-measures";
import { Layer } from "./layer";

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
