/** @module The networks that can be trained, by name, without loading TensorFlow. */
import type { tf } from "../../tensorflow/index";
import type { MlpOptions } from "../mlp";

/** The training options that affect the network. */
interface NetworkOptions extends Omit<Required<MlpOptions>, "seed"> {
  /** Edge length of the input in pixels. */
  readonly size: number;
  /** For the initial weights and the dropout masks. */
  readonly seed: number;
}

/** Training options by name; they are checked on use. */
type Recipe = Readonly<Record<string, string | number | true | readonly number[]>>;

export interface RegisteredModel {
  /** The value of `--model`: lower-case letters, digits and hyphens. */
  readonly name: string;
  /** Its name in tables, such as `compact CNN`. */
  readonly title: string;
  /** A description without a full stop. */
  readonly description: string;
  /** Training starts from packaged weights of the same name, which must be fetched first. */
  readonly isPretrained?: true;
  /** Suitable training options, which `histo compare` uses. @param size edge length of the input in pixels */
  recipe(size: number): Recipe;
  /** The highest learning rate of adaptive optimizers with `--lr auto`. Default 3e-4. */
  rate?(size: number): number;
  /** Fewest images of a batch, for networks that normalize by its statistics. Default 1. */
  leastBatch?(size: number): number;
  /** Builds the network: standardized pixels, float32 [n, size, size, 3], to one logit, float32 [n, 1]. Absent for `colour`. */
  build?(options: NetworkOptions): Promise<tf.LayersModel>;
}

const registered = new Map<string, RegisteredModel>();

/** Registers a network for use as `model` in this process. @throws {TypeError} if the name is taken or invalid */
export function registerModel(model: RegisteredModel): void {
  if (registered.has(model.name)) throw new TypeError(`There is a model ${model.name} already.`);
  if (!/^[a-z][a-z0-9-]*$/.test(model.name)) throw new TypeError(`${model.name} is not like mlp or my-network.`);
  registered.set(model.name, model);
}

/** All networks, in the order of registration. */
export function registeredModels(): readonly RegisteredModel[] {
  return [...registered.values()];
}

/** The network of this name; undefined if there is none, as for frozen backbones. */
export function modelNamed(name: string): RegisteredModel | undefined {
  return registered.get(name);
}

/** Hidden layers with the proportions of the reference network (150528-2352-2352-294-1). */
export function proportionalHidden(size: number): number[] {
  const inputs = size * size * 3;
  return [inputs / 64, inputs / 64, inputs / 512].map((units) => Math.max(8, Math.round(units)));
}

const BUILT_IN: readonly RegisteredModel[] = [
  {
    name: "mlp",
    title: "MLP on pixels",
    description:
      "the reference multilayer perceptron, on pixels or with `--stem subspace` on coordinates in a subspace",
    recipe: (size) => ({ hidden: proportionalHidden(size), epochs: 10 }),
    // An adaptive optimizer changes every weight by about the learning rate, so a unit with k correlated inputs changes by up
    // to k times as much, and the rate must fall with k (Yang and Hu 2021). 3 / k is 1e-4 at 96x96 and 2e-5 at 224x224.
    rate: (size) => Math.min(1e-3, 3 / (3 * size ** 2)),
    build: async (options) => (await import("../index.js")).mlp(options.size, options),
  },
  {
    name: "cnn",
    title: "compact CNN",
    description:
      "five blocks of convolution, 2 x 2 max pooling, batch normalization and ReLU (16 to 128 channels), global average pooling; 191,169 parameters",
    recipe: () => ({ batch: 32, epochs: 24, lr: 3e-3, schedule: "onecycle", augment: "dihedral", views: 8 }),
    // Five halvings leave one value per channel of smaller tiles, which is its own mean.
    leastBatch: (size) => (size < 64 ? 2 : 1),
    build: async (options) => (await import("../index.js")).cnn(options.size, options),
  },
  {
    name: "vit",
    title: "small ViT",
    description:
      "patches of 16 pixels (8 below 160), learned positions, six pre-norm blocks of four-headed attention with 128 features, mean pooling; 0.9 million parameters. `--size` must be a multiple of the patch",
    recipe: () => ({
      ...{ batch: 32, epochs: 24, lr: 5e-4, schedule: "onecycle", clipNorm: 1, augment: "dihedral" },
      ...{ optimizer: "adamw", weightDecay: 0.05 },
    }),
    build: async (options) => (await import("../index.js")).vit(options.size, options),
  },
  {
    name: "colour",
    title: "colour and texture, logistic regression",
    description:
      "logistic regression on 132 colour and texture features (cumulative histograms of six channels, means, spread at several scales, steps between neighbours); solved by Newton's method, with the penalty from five-fold cross-validation, before the trainer goes on",
    recipe: () => ({ epochs: 5 }),
  },
  ...["efficientnet-lite0", "efficientnet-lite2"].map((name) => ({
    name,
    title: `${name}, pretrained and trained on`,
    description: "a pretrained network that is [trained on](models.md#fine-tuning), in whole or in part",
    isPretrained: true as const,
    recipe: () => ({
      ...{ freeze: "blocks:5", freezeBatchNorm: true as const, layerDecay: 0.85, batch: 32, epochs: 8, lr: 2e-4 },
      ...{ schedule: "onecycle", augment: "dihedral", views: 8, optimizer: "adamw", weightDecay: 0.05 },
    }),
  })),
];

for (const model of BUILT_IN) registerModel(model);
