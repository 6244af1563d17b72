/** @module The techniques of the comparison: one recipe each, the same trainer for all. */
import { InputError } from "../errors/index";
import type { TrainingOptions } from "../runs/index";

/** A technique with the options that suit it. What is not said here is the same for all. */
export interface Technique {
  readonly name: string;
  readonly title: string;
  options(size: number): Partial<TrainingOptions>;
}

/** Hidden layers in the reference network's proportions to its input (150528-2352-2352-294-1). */
export function proportionalHidden(size: number): number[] {
  const inputs = size * size * 3;
  return [inputs / 64, inputs / 64, inputs / 512].map((units) => Math.max(8, Math.round(units)));
}

/** Regularization that helped the MLP most. */
const regularized = { dropout: 0.5, optimizer: "adamw", weightDecay: 0.05, augment: "dihedral" } as const;

export const TECHNIQUES: readonly Technique[] = [
  {
    name: "colour",
    title: "colour and texture, logistic regression",
    options: () => ({ model: "colour", epochs: 5 }),
  },
  {
    name: "mlp",
    title: "MLP on pixels",
    options: (size) => ({ hidden: proportionalHidden(size), epochs: 10 }),
  },
  {
    name: "mlp-regularized",
    title: "MLP on pixels, regularized",
    options: (size) => ({ hidden: proportionalHidden(size), epochs: 20, ...regularized }),
  },
  {
    name: "mlp-subspace",
    title: "MLP in a subspace",
    options: (size) => ({
      stem: "subspace",
      rank: 64,
      hidden: proportionalHidden(size),
      epochs: 30,
      lr: 3e-4,
      ...regularized,
    }),
  },
  {
    name: "cnn",
    title: "compact CNN",
    options: () => ({ model: "cnn", batch: 32, epochs: 24, lr: 3e-3, schedule: "onecycle", augment: "dihedral" }),
  },
  {
    name: "vit",
    title: "small ViT",
    options: () => ({
      model: "vit",
      batch: 32,
      epochs: 24,
      lr: 5e-4,
      schedule: "onecycle",
      optimizer: "adamw",
      weightDecay: 0.05,
      clipNorm: 1,
      augment: "dihedral",
    }),
  },
];

/** Techniques by name, in the order of the list. @throws {InputError} `TECHNIQUE_UNKNOWN` */
export function techniquesNamed(names: readonly string[]): Technique[] {
  const unknown = names.filter((name) => !TECHNIQUES.some((technique) => technique.name === name));
  if (unknown.length > 0 || names.length === 0) {
    const known = TECHNIQUES.map(({ name }) => name).join(", ");
    throw new InputError("TECHNIQUE_UNKNOWN", `--models: ${unknown.join(", ") || "nothing"} is not among ${known}.`);
  }
  return TECHNIQUES.filter(({ name }) => names.includes(name));
}
