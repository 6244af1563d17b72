/** @module The networks of the project. Building one loads TensorFlow. */
import { type RegisteredModel, registerModel } from "./registry";

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
