/** @module Spaces by name. */

/** Learning rates and regularization for networks on subspace coordinates. */
const ON_COORDINATES = {
  stem: "subspace",
  rank: 256,
  augment: "dihedral",
  epochs: 10,
  dropout: { choice: [0, 0.2, 0.5] },
  lr: { logUniform: [1e-4, 3e-3] },
} as const;

/** The spaces of `--space NAME`, as plain objects for `parseSpace`. */
export const presets: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  /** Numbers of layers and units around the reference network, 2352-2352-294. */
  mlp: {
    ...ON_COORDINATES,
    hidden: {
      choice: [
        [294],
        [2352],
        [588, 294],
        [1176, 294],
        [2352, 294],
        [2352, 2352],
        [1176, 1176, 294],
        [2352, 1176, 294],
        [2352, 2352, 294],
        [4704, 2352, 294],
        [2352, 2352, 2352, 294],
      ],
    },
    normalization: { choice: ["none", "batch", "layer"] },
    activation: { choice: ["relu", "elu"] },
  },
  /** Small and quick, to try out a search. */
  small: {
    ...ON_COORDINATES,
    rank: 64,
    hidden: { choice: [[16], [64], [256], [64, 16], [256, 64]] },
  },
  /** Networks similar to the reference network, on pixels; takes hours at 224 pixels on two cores. */
  pixels: {
    augment: "dihedral",
    epochs: 10,
    hidden: { choice: [[294], [588, 294], [2352, 294], [2352, 2352, 294]] },
    dropout: { choice: [0, 0.2, 0.5] },
    lr: { logUniform: [5e-6, 5e-4] },
  },
};
