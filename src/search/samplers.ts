/**
 * @module Samplers, which choose the settings of the next trial. A sampler is a function of the trial's number and of earlier
 * results, so that a search can continue after a stop.
 */
import { InputError } from "../errors/index";
import { normalShareBelow } from "../evaluation/index";
import { Random } from "../random/index";
import { countOf, type Distribution, draw, type Settings, type Space, sizeOfSpace, valueAt } from "./space";

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

/** A trial that has been started, and its merit (higher is better) if it has one already. */
export interface KnownTrial {
  readonly settings: Settings;
  readonly merit?: number;
}

/** Number of results before densities are used. */
const STARTUP = 8;
/** Number of draws, of which the best is tried. */
const CANDIDATES = 24;
/** Share of the trials that count as good. */
const GOOD_SHARE = 0.15;

/** Settings proposed by the densities; undefined while there are too few results. */
function proposeByDensities({ searched }: Space, known: readonly KnownTrial[], random: Random): Settings | undefined {
  const done = known.filter(({ merit }) => merit !== undefined && !Number.isNaN(merit));
  if (done.length < STARTUP) return undefined;
  const ranked = [...done].sort((a, b) => (b.merit as number) - (a.merit as number));
  const count = Math.ceil(GOOD_SHARE * ranked.length);
  const [good, others] = [ranked.slice(0, count), ranked.slice(count)];
  return Object.fromEntries(
    Object.entries(searched).map(([key, distribution]) => {
      const densityOf = (trials: readonly KnownTrial[]) =>
        parzenDensity(
          distribution,
          trials.map(({ settings }) => settings[key]),
        );
      const [better, worse] = [densityOf(good), densityOf(others)];
      let best: unknown;
      let highest = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < CANDIDATES; i++) {
        const candidate = better.draw(random);
        const ratio = Math.log(better.at(candidate)) - Math.log(worse.at(candidate));
        if (ratio > highest) [best, highest] = [candidate, ratio];
      }
      return [key, best];
    }),
  );
}

interface Density {
  at(value: unknown): number;
  draw(random: Random): unknown;
}

function parzenDensity(distribution: Distribution, values: readonly unknown[]): Density {
  return "choice" in distribution ? categorical(distribution.choice, values) : numeric(distribution, values);
}

/** Relative frequencies, plus the weight of one observation spread over all values. */
function categorical(values: readonly unknown[], observed: readonly unknown[]): Density {
  const names = values.map((value) => JSON.stringify(value));
  const seen = observed.map((value) => JSON.stringify(value));
  const weights = names.map((name) => 1 / names.length + seen.filter((other) => other === name).length);
  const total = seen.length + 1;
  return {
    at: (value) => (weights[names.indexOf(JSON.stringify(value))] ?? 0) / total,
    draw(random) {
      let rest = random.uniform(0, total);
      const index = weights.findIndex((weight) => {
        rest -= weight;
        return rest < 0;
      });
      return values[index < 0 ? values.length - 1 : index];
    },
  };
}

/**
 * A normal distribution around each observation, as wide as the gap to its farther neighbour and truncated at the borders, and
 * one uniform component. Works on the unit interval; logarithmic ranges are mapped to it by their logarithm.
 */
function numeric(distribution: Distribution, observed: readonly unknown[]): Density {
  const scale = unitScale(distribution);
  const centres = observed.map((value) => scale.toUnit(value as number)).sort((a, b) => a - b);
  const narrowest = 1 / Math.min(100, 2 + centres.length);
  const kernels = centres.map((centre, i) => {
    const gap = Math.max(centre - (centres[i - 1] ?? centre), (centres[i + 1] ?? centre) - centre);
    const width = Math.min(0.5, Math.max(gap, narrowest));
    return { centre, width, mass: normalShareBelow((1 - centre) / width) - normalShareBelow(-centre / width) };
  });
  const total = kernels.length + 1;
  return {
    at(value) {
      const x = scale.toUnit(value as number);
      const sum = kernels.reduce(
        (density, { centre, width, mass }) =>
          density + Math.exp(-0.5 * ((x - centre) / width) ** 2) / (width * Math.sqrt(2 * Math.PI) * mass),
        1,
      );
      return sum / total;
    },
    draw(random) {
      const kernel = kernels[random.integer(total)];
      if (!kernel) return draw(distribution, random);
      for (let attempt = 0; attempt < 50; attempt++) {
        const x = random.normal(kernel.centre, kernel.width);
        if (x >= 0 && x <= 1) return scale.fromUnit(x);
      }
      return scale.fromUnit(kernel.centre);
    },
  };
}

function unitScale(distribution: Distribution): { toUnit(value: number): number; fromUnit(x: number): number } {
  if ("logUniform" in distribution) {
    const [low, high] = distribution.logUniform.map(Math.log) as [number, number];
    return { toUnit: (value) => within(Math.log(value), low, high), fromUnit: (x) => Math.exp(low + x * (high - low)) };
  }
  if ("integer" in distribution) {
    const { step = 1 } = distribution;
    const [low] = distribution.integer;
    const count = countOf(distribution);
    return {
      // Half a step beyond both ends, so that the outer values get the same width as the others.
      toUnit: (value) => ((value - low) / step + 0.5) / count,
      fromUnit: (x) => valueAt(distribution, Math.min(count - 1, Math.floor(x * count))) as number,
    };
  }
  const [low, high] = "uniform" in distribution ? distribution.uniform : [0, 1];
  return { toUnit: (value) => within(value, low, high), fromUnit: (x) => low + x * (high - low) };
}

/** The share of the way from low to high; a range of one value has no length. */
function within(value: number, low: number, high: number): number {
  return high > low ? (value - low) / (high - low) : 0;
}
