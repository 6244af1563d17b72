/** @module The backbones named in a run's options. */
import { existsSync } from "node:fs";
import { type Backbone, openBackbone, packagedNamed } from "../../backbones/index";
import { InputError } from "../../errors/index";
import { BACKBONE_PREFIX, type TrainingOptions } from "../../options/index";
import type { TaskContext } from "../training-task";

/** Edge length for a backbone that takes any size and has no known one. */
const USUAL_SIZE = 224;

/** The names in `--model backbone:A,B` or `backbone:A,backbone:B`. The name of an existing file may contain commas. */
function backboneNames(model: string): string[] {
  const names = model.slice(BACKBONE_PREFIX.length);
  return existsSync(names) ? [names] : names.split(new RegExp(`,\\s*(?:${BACKBONE_PREFIX})?`));
}

/**
 * Opens all backbones of the options.
 * @throws {InputError} `BACKBONE_...`
 */
export async function openBackbones(
  options: Pick<TrainingOptions, "model" | "backboneOutput" | "backbonePool" | "backboneMean" | "backboneStd">,
  context: TaskContext,
): Promise<Backbone[]> {
  const backbones: Backbone[] = [];
  const names = backboneNames(options.model);
  if (names.includes("")) {
    throw new InputError("BACKBONE_NAME", `--model ${options.model} lacks the name of a backbone.`);
  }
  for (const name of names) backbones.push(await openBackbone(name, options, context));
  return backbones;
}

/**
 * The edge length for the backbones: the only one that they take, or the one that the first was trained on.
 * @throws {InputError} `BACKBONE_SIZE` if they take different ones
 */
export function sizeFor(backbones: readonly Backbone[]): number {
  const fixed = [...new Set(backbones.flatMap(({ description }) => description.size ?? []))];
  if (fixed.length > 1) {
    const each = backbones.map(({ name, description }) => `${name} ${description.size ?? "any"}`).join(", ");
    throw new InputError("BACKBONE_SIZE", `These backbones take images of different sizes: ${each}.`);
  }
  return fixed[0] ?? backbones[0]?.normalization.size ?? USUAL_SIZE;
}

/** The edge length that a pretrained network was trained on; the one of the options for others. */
export async function ownSize(options: TrainingOptions, context: TaskContext): Promise<number> {
  if (options.model.startsWith(BACKBONE_PREFIX)) return sizeFor(await openBackbones(options, context));
  return packagedNamed(options.model)?.size ?? options.size;
}
