/** @module A small vision transformer, trained from scratch. */
import { InputError } from "../errors/index";
import { tf } from "../tensorflow/index";
import { Convolution2D } from "./layers/convolution";
import { CounterDropout } from "./layers/counter-dropout";
import { PositionEmbedding, SelfAttention, TokenDense, TokenNormalization } from "./layers/transformer";

interface VitOptions {
  /** Edge length of a patch in pixels; 16, or 8 for tiles below 160 pixels. */
  readonly patch?: number;
  /** Features of a token. */
  readonly features?: number;
  readonly blocks?: number;
  readonly heads?: number;
  /** Units of a block's hidden layer, as a multiple of `features`. */
  readonly expansion?: number;
  /** Probability of a pooled feature to be dropped in training. */
  readonly dropout?: number;
  /** Of the initial weights and the dropout masks. */
  readonly seed?: number;
}

/**
 * Standardized pixels [n, size, size, 3] to one logit: patches, learned positions, pre-norm blocks of self attention and
 * two dense layers with GELU, a last norm, the mean of all tokens (Dosovitskiy et al. 2021, with mean pooling for the
 * class token). @throws {InputError} `SIZE_NOT_PATCHES` where the patches do not tile the image
 */
export function vit(size: number, options: VitOptions = {}): tf.LayersModel {
  const {
    patch = size >= 160 && size % 16 === 0 ? 16 : 8,
    features = 128,
    blocks = 6,
    heads = 4,
    expansion = 2,
    dropout = 0,
    seed = 0,
  } = options;
  if (size % patch !== 0) {
    throw new InputError("SIZE_NOT_PATCHES", `--size ${size} must be a multiple of the patch size, ${patch}.`);
  }
  const seedOf = (block: number, part: number) => seed * 1024 + block * 8 + part;
  const through = (layer: tf.layers.Layer, x: tf.SymbolicTensor) => layer.apply(x) as tf.SymbolicTensor;
  const sum = (name: string, a: tf.SymbolicTensor, b: tf.SymbolicTensor) =>
    tf.layers.add({ name }).apply([a, b]) as tf.SymbolicTensor;
  const input = tf.input({ shape: [size, size, 3], name: "pixels" });
  const embedding = { filters: features, kernelSize: patch, strides: patch, seed: seedOf(0, 0), name: "patches" };
  const tokens = (size / patch) ** 2;
  let x = through(new Convolution2D(embedding), input);
  x = through(tf.layers.reshape({ targetShape: [tokens, features], name: "tokens" }), x);
  x = through(new PositionEmbedding({ name: "positions", seed: seedOf(0, 1) }), x);
  for (let block = 1; block <= blocks; block++) {
    const own = (part: string) => `block_${block}_${part}`;
    let y = through(new TokenNormalization({ name: own("norm_1") }), x);
    y = through(new SelfAttention({ heads, name: own("attention"), seed: seedOf(block, 0) }), y);
    x = sum(own("add_1"), x, y);
    y = through(new TokenNormalization({ name: own("norm_2") }), x);
    const units = Math.round(expansion * features);
    y = through(new TokenDense({ units, activation: "gelu", name: own("dense_1"), seed: seedOf(block, 1) }), y);
    y = through(new TokenDense({ units: features, name: own("dense_2"), seed: seedOf(block, 2) }), y);
    x = sum(own("add_2"), x, y);
  }
  x = through(new TokenNormalization({ name: "norm" }), x);
  x = through(tf.layers.globalAveragePooling1d({ name: "average" }), x);
  if (dropout > 0) x = through(new CounterDropout({ rate: dropout, seed: seedOf(0, 2), name: "dropout" }), x);
  const logit = through(new TokenDense({ units: 1, name: "logit", seed: seedOf(0, 3) }), x);
  return tf.model({ inputs: input, outputs: logit, name: "vit" });
}
