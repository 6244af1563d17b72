/**
 * @module Samplers, which choose the settings of the next trial. A sampler is a function of the trial's number and of earlier
 * results, so that a search can continue after a stop.
 */
import { InputError } from "../errors/index";
import { Random } from "../random/index";
import { countOf, draw, type Settings, type Space, sizeOfSpace, valueAt } from "./space";
import { type KnownTrial, proposeByDensities } from "./tpe";

export type { KnownTrial };

/** The searched settings of a trial; undefined if all have been tried. */
export type Sampler = (trial: number, known: readonly KnownTrial[]) => Settings | undefined;

const SAMPLERS = ["tpe", "random", "grid"] as const;
export type SamplerName = (typeof SAMPLERS)[number];

/** Attempts to find settings that have not been tried. */
const ATTEMPTS = 200;

/** A sampler by name. @throws {InputError} `SPACE_NOT_A_GRID` */
export function createSampler(name: SamplerName, space: Space, seed: number): Sampler {
  if (name === "grid") return grid(space);
  if (name === "random") return untried(space, (random) => drawAll(space, random), seed);
  return untried(space, (random, known) => proposeByDensities(space, known, random) ?? drawAll(space, random), seed);
}

/** All combinations in order; the last option changes fastest. */
function grid(space: Space): Sampler {
  const options = Object.entries(space.searched).map(([key, distribution]) => {
    if (!("choice" in distribution || "integer" in distribution)) {
      const message = `${key}: a grid needs a choice or an integer range, not a continuous one.`;
      throw new InputError("SPACE_NOT_A_GRID", message);
    }
    return { key, distribution, count: countOf(distribution) };
  });
  return (trial) => {
    if (trial >= sizeOfSpace(space)) return undefined;
    const settings: [string, unknown][] = [];
    let rest = trial;
    for (const { key, distribution, count } of [...options].reverse()) {
      settings.unshift([key, valueAt(distribution, rest % count)]);
      rest = Math.floor(rest / count);
    }
    return Object.fromEntries(settings);
  };
}

/** Draws until the settings are new. */
function untried(
  space: Space,
  propose: (random: Random, known: readonly KnownTrial[]) => Settings,
  seed: number,
): Sampler {
  return (trial, known) => {
    const tried = new Set(known.map(({ settings }) => JSON.stringify(settings)));
    if (tried.size >= sizeOfSpace(space)) return undefined;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const random = new Random(seed, "search", trial, attempt);
      // A very narrow density would always propose the same settings, so half of the attempts ignore it.
      const settings = attempt < ATTEMPTS / 2 ? propose(random, known) : drawAll(space, random);
      if (!tried.has(JSON.stringify(settings))) return settings;
    }
    return undefined;
  };
}

function drawAll({ searched }: Space, random: Random): Settings {
  return Object.fromEntries(Object.entries(searched).map(([key, distribution]) => [key, draw(distribution, random)]));
}
