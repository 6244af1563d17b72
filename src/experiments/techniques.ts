/** @module The techniques of the comparison: one recipe for each, the same trainer for all. */
import { InputError } from "../errors/index";
import { proportionalHidden, registeredModels } from "../models/registry/index";
import type { TrainingOptions } from "../options/index";

/** A technique with its options. Options that are not listed are the same for all techniques. */
export interface Technique {
  readonly name: string;
  readonly title: string;
  options(size: number): Partial<TrainingOptions>;
  /** Edge length of its input, if it is not that of the comparison. */
  readonly size?: number;
  /** Trains much longer than the others, so only on request. */
  readonly isLong?: true;
  /** Packaged backbones that are fetched for it. */
  readonly needs?: readonly string[];
  /** Validation selects one of these before the full training. The first is the simplest. */
  readonly choices?: readonly Choice[];
}

/** One of several ways to train a technique. */
export interface Choice {
  readonly name: string;
  readonly title: string;
  readonly options: Partial<TrainingOptions>;
}

const decay = { optimizer: "adamw", weightDecay: 0.05 } as const;

/** Regularizations of an MLP, all with dropout. */
const REGULARIZATIONS: readonly Choice[] = [
  { name: "dropout", title: "dropout 0.2, views", options: { dropout: 0.2, augment: "dihedral" } },
  {
    name: "dropout-decay",
    title: "dropout 0.5, weight decay, views",
    options: { dropout: 0.5, augment: "dihedral", ...decay },
  },
  {
    name: "dropout-normalization",
    title: "dropout 0.3, batch normalization, views",
    options: { dropout: 0.3, normalization: "batch", augment: "dihedral" },
  },
  {
    name: "dropout-colours",
    title: "dropout 0.3, weight decay, views, crops, stains, jitter and blur",
    options: { dropout: 0.3, augment: "all", ...decay },
  },
  {
    name: "dropout-mixup",
    title: "dropout 0.3, weight decay, views, mixup, averaged weights",
    options: { dropout: 0.3, augment: "dihedral", mixup: 0.2, ema: 0.99, ...decay },
  },
];

/** Choices of frozen networks. The first is the cheapest. */
const PRETRAINED: readonly Choice[] = [
  { name: "lite0", title: "EfficientNet-Lite0", options: { model: "backbone:efficientnet-lite0" } },
  { name: "lite2", title: "EfficientNet-Lite2", options: { model: "backbone:efficientnet-lite2" } },
  {
    name: "both",
    title: "EfficientNet-Lite0 and Lite2, colour and texture beside them",
    options: { model: "backbone:efficientnet-lite0,efficientnet-lite2", extraFeatures: "colour" },
  },
];

/** With few tiles, directions with little variance are mostly noise. The best number of directions depends on the data. */
const DIRECTIONS: readonly Choice[] = [16, 32, 64].map((rank) => ({
  name: `rank-${rank}`,
  title: `${rank} directions`,
  options: { rank },
}));

const subspace = (size: number): Partial<TrainingOptions> => ({
  stem: "subspace",
  hidden: proportionalHidden(size),
  epochs: 60,
  lr: 1e-3,
  dropout: 0.2,
  augment: "dihedral",
  ...decay,
});

/** The registered networks, each with its recipe. */
const NETWORKS: readonly Technique[] = registeredModels().map(({ name, title, recipe, isPretrained }) => ({
  name,
  title,
  options: (size) => ({ model: name, ...recipe(size) }),
  ...(isPretrained && { isLong: true, needs: [name], size: 160 }),
}));
/** Listed first, because the other techniques are compared with them. */
const PLAIN = ["colour", "mlp"];

export const TECHNIQUES: readonly Technique[] = [
  ...PLAIN.flatMap((plain) => NETWORKS.filter(({ name }) => name === plain)),
  {
    name: "mlp-regularized",
    title: "MLP on pixels, regularized",
    options: (size) => ({ hidden: proportionalHidden(size), epochs: 20 }),
    choices: REGULARIZATIONS,
  },
  { name: "mlp-subspace", title: "MLP in a subspace", options: subspace, choices: DIRECTIONS },
  {
    name: "mlp-colour",
    title: "MLP in a subspace, colour and texture beside it",
    options: (size) => ({ ...subspace(size), extraFeatures: "colour" }),
    choices: DIRECTIONS,
  },
  ...NETWORKS.filter(({ name }) => !PLAIN.includes(name)),
  {
    name: "pretrained",
    title: "frozen EfficientNet-Lite, eight views, logistic regression",
    size: 224,
    needs: ["efficientnet-lite0", "efficientnet-lite2"],
    options: () => ({ backboneOutput: "stages", views: 8 }),
    choices: PRETRAINED,
  },
];

/** Names of the techniques that are compared by default. */
export function usualTechniques(): string[] {
  return TECHNIQUES.filter(({ isLong }) => !isLong).map(({ name }) => name);
}

/** A linear head on a frozen backbone. @param model as in `--model` @param given the user's options for it */
export function backboneTechnique(title: string, model: string, given: Partial<TrainingOptions>): Technique {
  return { name: "backbone", title, options: () => ({ model, batch: 32, epochs: 40, lr: 1e-3, ...decay, ...given }) };
}

/** Techniques by name, in the order of the list. @throws {InputError} `TECHNIQUE_UNKNOWN` */
export function techniquesNamed(names: readonly string[]): Technique[] {
  const unknown = names.filter((name) => !TECHNIQUES.some((technique) => technique.name === name));
  if (unknown.length > 0 || names.length === 0) {
    const known = TECHNIQUES.map(({ name }) => name).join(", ");
    throw new InputError("TECHNIQUE_UNKNOWN", `--models: ${unknown.join(", ") || "nothing"} is not among ${known}.`);
  }
  return TECHNIQUES.filter(({ name }) => names.includes(name));
}
