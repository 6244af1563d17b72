/** @module A small vision transformer, trained from scratch. */
import { InputError } from "../errors/index";
import { tf } from "../tensorflow/index";
import { Convolution2D } from "./layers/convolution";
import { CounterDropout } from "./layers/counter-dropout";
import { applyLayer } from "./layers/layer";
import { PositionEmbedding, SelfAttention, TokenDense, TokenNormalization } from "./layers/transformer";

interface VitOptions {
  /** Edge length of a patch in pixels; 16, or 8 for tiles below 160 pixels. */
  readonly patch?: number;
  /** Features of a token. */
  readonly features?: number;
  readonly blocks?: number;
  readonly heads?: number;
  /** Probability of dropping a pooled feature in training. */
  readonly dropout?: number;
  /** For the initial weights and the dropout masks. */
  readonly seed?: number;
}

/**
 * Standardized pixels [n, size, size, 3] to one logit: patches, learned positions, pre-norm blocks of self attention and
 * two dense layers with GELU, a final normalization, and the mean of all tokens (Dosovitskiy et al. 2021, with mean pooling
 * instead of a class token). @throws {InputError} `SIZE_NOT_PATCHES` if the patches do not tile the image
 */
export function vit(size: number, options: VitOptions = {}): tf.LayersModel {
  const {
    patch = size >= 160 && size % 16 === 0 ? 16 : 8,
    features = 128,
    blocks = 6,
    heads = 4,
    dropout = 0,
    seed = 0,
  } = options;
  if (size % patch !== 0) {
    throw new InputError("SIZE_NOT_PATCHES", `--size ${size} must be a multiple of the patch size, ${patch}.`);
  }
  const seedOf = (block: number, part: number) => seed * 1024 + block * 8 + part;

  const sum = (name: string, a: tf.SymbolicTensor, b: tf.SymbolicTensor) =>
    tf.layers.add({ name }).apply([a, b]) as tf.SymbolicTensor;
  const input = tf.input({ shape: [size, size, 3], name: "pixels" });
  const embedding = { filters: features, kernelSize: patch, strides: patch, seed: seedOf(0, 0), name: "patches" };
  const tokens = (size / patch) ** 2;
  let x = applyLayer(new Convolution2D(embedding), input);
  x = applyLayer(tf.layers.reshape({ targetShape: [tokens, features], name: "tokens" }), x);
  x = applyLayer(new PositionEmbedding({ name: "positions", seed: seedOf(0, 1) }), x);
  for (let block = 1; block <= blocks; block++) {
    const own = (part: string) => `block_${block}_${part}`;
    let y = applyLayer(new TokenNormalization({ name: own("norm_1") }), x);
    y = applyLayer(new SelfAttention({ heads, name: own("attention"), seed: seedOf(block, 0) }), y);
    x = sum(own("add_1"), x, y);
    y = applyLayer(new TokenNormalization({ name: own("norm_2") }), x);
    const units = 2 * features;
    y = applyLayer(new TokenDense({ units, activation: "gelu", name: own("dense_1"), seed: seedOf(block, 1) }), y);
    y = applyLayer(new TokenDense({ units: features, name: own("dense_2"), seed: seedOf(block, 2) }), y);
    x = sum(own("add_2"), x, y);
  }
  x = applyLayer(new TokenNormalization({ name: "norm" }), x);
  x = applyLayer(tf.layers.globalAveragePooling1d({ name: "average" }), x);
  if (dropout > 0) x = applyLayer(new CounterDropout({ rate: dropout, seed: seedOf(0, 2), name: "dropout" }), x);
  const logit = applyLayer(new TokenDense({ units: 1, name: "logit", seed: seedOf(0, 3) }), x);
  return tf.model({ inputs: input, outputs: logit, name: "vit" });
}
