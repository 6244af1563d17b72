/**
 * @module Layers of a vision transformer. Layer normalization, GELU and the two dense layers of a block are serialized
 * under Keras's own names; attention and positions are classes of this project.
 */
import { affine, affineGelu, attention, layerNorm, tf } from "../../tensorflow/index";
import { glorotUniform, Layer, normalSeed } from "./layer";

/** Layer normalization of the last axis. Weights: gamma [d], beta [d]. */
export class TokenNormalization extends Layer<{ readonly axis: -1; readonly epsilon: number }> {
  static readonly className = "LayerNormalization";
  private gamma!: tf.LayerVariable;
  private beta!: tf.LayerVariable;

  constructor({ epsilon = 1e-6, ...config }: { readonly name?: string; readonly epsilon?: number } = {}) {
    super(config, { axis: -1, epsilon });
  }

  override build(inputShape: tf.Shape): void {
    const shape = [inputShape[inputShape.length - 1] as number];
    this.gamma = this.addWeight("gamma", shape, "float32", tf.initializers.ones());
    this.beta = this.addWeight("beta", shape, "float32", tf.initializers.zeros());
    super.build(inputShape);
  }

  protected compute(x: tf.Tensor): tf.Tensor {
    return layerNorm(x, this.gamma.read(), this.beta.read(), this.settings.epsilon);
  }
}

interface TokenDenseConfig {
  readonly name?: string;
  readonly units: number;
  readonly activation?: "linear" | "gelu";
  readonly seed?: number;
}

/** A dense layer applied to every token. Weights: kernel [k, units], bias [units]. */
export class TokenDense extends Layer<
  Required<Pick<TokenDenseConfig, "units" | "activation">> & { readonly useBias: true }
> {
  static readonly className = "Dense";
  private readonly seed: number;
  private kernel!: tf.LayerVariable;
  private bias!: tf.LayerVariable;

  constructor({ units, activation = "linear", seed = 0, ...config }: TokenDenseConfig) {
    super(config, { units, activation, useBias: true });
    this.seed = seed;
  }

  override build(inputShape: tf.Shape): void {
    const k = inputShape[inputShape.length - 1] as number;
    const { units } = this.settings;
    this.kernel = this.addWeight("kernel", [k, units], "float32", glorotUniform(k, units, this.seed, 0));
    this.bias = this.addWeight("bias", [units], "float32", tf.initializers.zeros());
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return [...inputShape.slice(0, -1), this.settings.units];
  }

  protected compute(x: tf.Tensor): tf.Tensor {
    const layer = this.settings.activation === "gelu" ? affineGelu : affine;
    return layer(x, this.kernel.read() as tf.Tensor2D, this.bias.read() as tf.Tensor1D);
  }
}

/** Adds a learned vector to every token. Weight: positions [tokens, d]. */
export class PositionEmbedding extends Layer<{ readonly seed: number }> {
  static readonly className = "PositionEmbedding";
  private positions!: tf.LayerVariable;

  constructor({ seed = 0, ...config }: { readonly name?: string; readonly seed?: number } = {}) {
    super(config, { seed });
  }

  override build(inputShape: tf.Shape): void {
    const initializer = tf.initializers.randomNormal({ mean: 0, stddev: 0.02, seed: normalSeed(this.settings.seed) });
    this.positions = this.addWeight("positions", inputShape.slice(1), "float32", initializer);
    super.build(inputShape);
  }

  protected compute(x: tf.Tensor): tf.Tensor {
    return tf.add(x, this.positions.read());
  }
}

/**
 * Multi-head self attention over tokens [n, t, d]. Weights: qkv_kernel [d, 3 d] and qkv_bias [3 d] (queries, keys and
 * values, each in the order of the heads), out_kernel [d, d], out_bias [d].
 */
export class SelfAttention extends Layer<{ readonly heads: number; readonly seed: number }> {
  static readonly className = "SelfAttention";
  private qkvKernel!: tf.LayerVariable;
  private qkvBias!: tf.LayerVariable;
  private outKernel!: tf.LayerVariable;
  private outBias!: tf.LayerVariable;

  constructor({
    heads,
    seed = 0,
    ...config
  }: { readonly name?: string; readonly heads: number; readonly seed?: number }) {
    super(config, { heads, seed });
  }

  override build(inputShape: tf.Shape): void {
    const d = inputShape[2] as number;
    const { heads, seed } = this.settings;
    if (d % heads !== 0) throw new RangeError(`${d} features cannot be shared among ${heads} heads.`);
    const zeros = tf.initializers.zeros();
    this.qkvKernel = this.addWeight("qkv_kernel", [d, 3 * d], "float32", glorotUniform(d, d, seed, 0));
    this.qkvBias = this.addWeight("qkv_bias", [3 * d], "float32", zeros);
    this.outKernel = this.addWeight("out_kernel", [d, d], "float32", glorotUniform(d, d, seed, 1));
    this.outBias = this.addWeight("out_bias", [d], "float32", zeros);
    super.build(inputShape);
  }

  protected compute(tokens: tf.Tensor): tf.Tensor {
    const project = (x: tf.Tensor, kernel: tf.LayerVariable, bias: tf.LayerVariable) =>
      affine(x, kernel.read() as tf.Tensor2D, bias.read() as tf.Tensor1D);
    const qkv = project(tokens, this.qkvKernel, this.qkvBias) as tf.Tensor3D;
    return project(attention(qkv, this.settings.heads), this.outKernel, this.outBias);
  }
}

tf.serialization.registerClass(PositionEmbedding);
tf.serialization.registerClass(SelfAttention);
