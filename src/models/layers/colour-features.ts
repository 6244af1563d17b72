/**
 * @module Colour and texture of a tile as a vector: what a model can know without seeing shapes. All numbers are the same
 * for a turned or mirrored tile.
 */
import { tf } from "../../tensorflow/index";
import { type ColourFeaturesConfig, channelMap, colourFeatureCount, scalesOf, THRESHOLDS } from "./colour-levels";

/**
 * Standardized pixels [n, h, w, 3] to [n, features]: for each of six channels the share of pixels above 15 levels, the
 * mean, the standard deviation at full resolution and of averages over 2, 4, 8 and 16 pixels, and the mean absolute step
 * between neighbours; then shifted and scaled by the weights `shift` and `scale` [features], which are not trained.
 */
export class ColourFeatures extends tf.layers.Layer {
  static readonly className = "ColourFeatures";
  private readonly settings: ColourFeaturesConfig;
  private shift!: tf.LayerVariable;
  private scale!: tf.LayerVariable;

  constructor(config: ColourFeaturesConfig) {
    const { mean, std, ...rest } = config;
    super({ ...rest, trainable: false } as ConstructorParameters<typeof tf.layers.Layer>[0]);
    this.settings = { mean, std };
  }

  override build(inputShape: tf.Shape): void {
    const count = [colourFeatureCount(inputShape[1] as number)];
    const { ones, zeros } = tf.initializers;
    this.shift = this.addWeight("shift", count, "float32", zeros(), undefined, false);
    this.scale = this.addWeight("scale", count, "float32", ones(), undefined, false);
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return [inputShape[0] ?? null, colourFeatureCount(inputShape[1] as number)];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor4D;
    return tf.tidy(() => tf.mul(tf.sub(colourFeatures(x, this.settings), this.shift.read()), this.scale.read()));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), mean: [...this.settings.mean], std: [...this.settings.std] };
  }
}

/** The features before shift and scale, [n, features]; see {@link ColourFeatures}. */
export function colourFeatures(pixels: tf.Tensor4D, config: ColourFeaturesConfig): tf.Tensor2D {
  return tf.tidy(() => {
    const [n, height, width] = pixels.shape;
    const { matrix, addend } = channelMap(config);
    const flat = tf.reshape(pixels, [-1, 3]);
    const channels = tf.reshape(tf.add(tf.matMul(flat, tf.tensor2d(matrix, [3, 6])), addend), [n, height, width, 6]);
    const image = channels as tf.Tensor4D;
    const overPixels = (x: tf.Tensor) => tf.mean(x, [1, 2]);
    const shares = THRESHOLDS.map((level) => tf.tidy(() => overPixels(tf.cast(tf.greater(image, level), "float32"))));
    const spread = (x: tf.Tensor) => {
      const { mean, variance } = tf.moments(x, [1, 2], true);
      tf.dispose(mean);
      return tf.reshape(tf.sqrt(tf.add(variance, 1e-8)), [n, 6]);
    };
    const spreads = scalesOf(height).map((scale) => tf.tidy(() => spread(tf.avgPool(image, scale, scale, "valid"))));
    const step = (axis: 1 | 2) => {
      const extent = (axis === 1 ? height : width) - 1;
      const size = [n, axis === 1 ? extent : height, axis === 2 ? extent : width, 6];
      const later = tf.slice(image, [0, axis === 1 ? 1 : 0, axis === 2 ? 1 : 0, 0], size);
      return overPixels(tf.abs(tf.sub(later, tf.slice(image, [0, 0, 0, 0], size))));
    };
    const steps = tf.mul(tf.add(step(1), step(2)), 0.5);
    return tf.concat([...shares, overPixels(image), spread(image), ...spreads, steps], 1) as tf.Tensor2D;
  });
}

tf.serialization.registerClass(ColourFeatures);
