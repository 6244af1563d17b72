/** @module The backbones that a run's options name. */
import { existsSync } from "node:fs";
import { type Backbone, openBackbone } from "../../backbones/index";
import { InputError } from "../../errors/index";
import { BACKBONE_PREFIX, type TrainingOptions } from "../../options/index";
import type { TaskContext } from "../training-task";

/** Edge length where a backbone takes any and nothing is known. */
const USUAL_SIZE = 224;

/** The names in `--model backbone:A,B`; a file whose name has a comma is one. */
function backboneNames(model: string): string[] {
  const names = model.slice(BACKBONE_PREFIX.length);
  return existsSync(names) ? [names] : names.split(",");
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
  for (const name of backboneNames(options.model)) backbones.push(await openBackbone(name, options, context));
  return backbones;
}

/**
 * The edge length that suits the backbones: the only one that they take, or what the first was trained on.
 * @throws {InputError} `BACKBONE_SIZE` where they take different ones
 */
export function sizeFor(backbones: readonly Backbone[]): number {
  const fixed = [...new Set(backbones.flatMap(({ description }) => description.size ?? []))];
  if (fixed.length > 1) {
    const each = backbones.map(({ name, description }) => `${name} ${description.size ?? "any"}`).join(", ");
    throw new InputError("BACKBONE_SIZE", `These backbones take images of different sizes: ${each}.`);
  }
  return fixed[0] ?? backbones[0]?.normalization.size ?? USUAL_SIZE;
}
