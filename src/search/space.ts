/** @module The space of a search: a fixed value or a distribution for each training option, from a preset or a file. */
import { readFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { parse } from "yaml";
import { hasErrorCode, InputError, messageOf } from "../errors/index";
import { type GivenTrainingOptions, optionsOfSchema, presentNames, trainingSchema } from "../options/index";
import type { Random } from "../random/index";
import { planOptions } from "../training/index";

/** Values of a trial, by option. */
export type Settings = Readonly<Record<string, unknown>>;

/** One of several values of the option's type. */
export interface Choice {
  readonly choice: readonly unknown[];
}
/** Integers from low to high, inclusive, in steps of `step`. */
export interface IntegerRange {
  readonly integer: readonly [low: number, high: number];
  readonly step?: number;
}
/** Uniformly distributed numbers from low to high. */
interface UniformRange {
  readonly uniform: readonly [low: number, high: number];
}
/** Numbers from low to high (both above 0), uniformly distributed on a logarithmic scale. */
interface LogUniformRange {
  readonly logUniform: readonly [low: number, high: number];
}
export type Distribution = Choice | IntegerRange | UniformRange | LogUniformRange;

/** Options that are the same in all trials, and those that are searched. */
export interface Space {
  readonly fixed: Settings;
  readonly searched: Readonly<Record<string, Distribution>>;
}

const KINDS = ["choice", "integer", "uniform", "logUniform"] as const;

/**
 * Parses a space: every key is a training option, every value a fixed value or one of `{choice: [...]}`,
 * `{integer: [low, high], step}`, `{uniform: [low, high]}`, `{logUniform: [low, high]}`.
 * @param where name of the object in messages @throws {InputError} `SPACE_INVALID`, naming the key
 */
export function parseSpace(value: unknown, where = "space"): Space {
  if (!isPlainObject(value)) throw invalid(where, "it must be a mapping from training options to values");
  const fixed: Record<string, unknown> = {};
  const searched: Record<string, Distribution> = {};
  const options = new Map(optionsOfSchema(trainingSchema).map((option) => [option.name, option]));
  for (const [key, entry] of Object.entries(presentNames(trainingSchema, value))) {
    const at = `${where}: ${key}`;
    const option = options.get(key);
    if (option?.searched === false) {
      throw invalid(at, "it is the same for all trials of a search; give it as an option");
    }
    if (!option) {
      const known = [...options.values()].filter(({ searched }) => searched !== false).map(({ name }) => name);
      throw invalid(at, `unknown training option; known: ${known.join(", ")}`);
    }
    if (isPlainObject(entry)) {
      const distribution = parseDistribution(entry, at);
      for (const value of samplesOf(distribution)) checkValue(key, value, at);
      searched[key] = distribution;
    } else {
      checkValue(key, entry, at);
      fixed[key] = entry;
    }
  }
  return { fixed, searched };
}

function parseDistribution(entry: Readonly<Record<string, unknown>>, at: string): Distribution {
  const kinds = KINDS.filter((kind) => kind in entry);
  const [kind] = kinds;
  if (!kind || kinds.length > 1) throw invalid(at, `it must have one of ${KINDS.join(", ")}`);
  const stray = Object.keys(entry).find((name) => name !== kind && !(kind === "integer" && name === "step"));
  if (stray) throw invalid(at, `${stray} does not belong to ${kind}`);
  const given = entry[kind];
  if (!Array.isArray(given)) throw invalid(at, `${kind} must be a list`);
  if (kind === "choice") {
    if (given.length === 0) throw invalid(at, "choice is empty");
    return { choice: given };
  }
  const [low, high] = given as unknown[];
  if (given.length !== 2 || !isNumber(low) || !isNumber(high) || low > high) {
    throw invalid(at, `${kind} must be [low, high], two numbers`);
  }
  if (kind === "uniform") return { uniform: [low, high] };
  if (kind === "logUniform") {
    if (low <= 0) throw invalid(at, "logUniform must begin above 0");
    return { logUniform: [low, high] };
  }
  const step = entry.step ?? 1;
  if (![low, high, step].every(Number.isInteger) || (step as number) < 1) {
    throw invalid(at, "integer must be two whole numbers, and step one above 0");
  }
  return { integer: [low, high], step: step as number };
}

/** Values to check: at most a hundred of integers, and the ends and a fraction of a continuous distribution. */
function samplesOf(distribution: Distribution): readonly unknown[] {
  if ("choice" in distribution) return distribution.choice;
  if ("integer" in distribution) {
    const last = countOf(distribution) - 1;
    const gaps = Math.max(1, Math.min(last, 99));
    return Array.from({ length: gaps + 1 }, (_, i) => valueAt(distribution, Math.round((i * last) / gaps)));
  }
  const [low, high] = "uniform" in distribution ? distribution.uniform : distribution.logUniform;
  return [low, high, low + (high - low) * Math.SQRT1_2];
}

function checkValue(key: string, value: unknown, at: string): void {
  try {
    planOptions({ data: ".", [key]: value } as GivenTrainingOptions);
  } catch (error) {
    throw invalid(at, messageOf(error));
  }
}

/** Number of values of a distribution; infinite if it is continuous. */
export function countOf(distribution: Distribution): number {
  if ("choice" in distribution) return distribution.choice.length;
  if (!("integer" in distribution)) return Number.POSITIVE_INFINITY;
  const [low, high] = distribution.integer;
  return Math.floor((high - low) / (distribution.step ?? 1)) + 1;
}

/** A value of a choice or of a range of integers, counted from 0. */
export function valueAt(distribution: Choice | IntegerRange, index: number): unknown {
  if ("choice" in distribution) return distribution.choice[index];
  const { integer, step = 1 } = distribution;
  return integer[0] + index * step;
}

/** The largest value of a distribution of numbers. */
export function largestOf(distribution: Distribution): number {
  if ("choice" in distribution) return Math.max(...(distribution.choice as number[]));
  if ("integer" in distribution) return valueAt(distribution, countOf(distribution) - 1) as number;
  return ("uniform" in distribution ? distribution.uniform : distribution.logUniform)[1];
}

/** Number of different trials in a space; infinite if a distribution is continuous. */
export function sizeOfSpace({ searched }: Space): number {
  return Object.values(searched).reduce((size, one) => size * countOf(one), 1);
}

/** Draws a value. */
export function draw(distribution: Distribution, random: Random): unknown {
  if ("choice" in distribution || "integer" in distribution)
    return valueAt(distribution, random.integer(countOf(distribution)));
  if ("uniform" in distribution) return random.uniform(...distribution.uniform);
  const [low, high] = (distribution as LogUniformRange).logUniform;
  return Math.exp(random.uniform(Math.log(low), Math.log(high)));
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function invalid(at: string, problem: string): InputError {
  return new InputError("SPACE_INVALID", `${at}: ${problem.replace(/\.$/, "")}.`);
}

/** Reads the space of `--space`, and gives it a short name. @throws {InputError} `SPACE_UNKNOWN` or `SPACE_INVALID` */
export async function readSpace(source: string): Promise<{ name: string; space: Space }> {
  const preset = Object.hasOwn(presets, source) ? presets[source] : undefined;
  if (preset) return { name: source, space: parseSpace(preset, `--space ${source}`) };
  const text = await readFile(source, "utf8").catch((error: unknown) => {
    const known = Object.keys(presets).join(", ");
    const why = hasErrorCode(error, "ENOENT")
      ? "is neither a file nor a preset"
      : `cannot be read (${messageOf(error)})`;
    throw new InputError("SPACE_UNKNOWN", `--space ${source} ${why}; presets: ${known}.`);
  });
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new InputError("SPACE_INVALID", `${source} is not YAML: ${messageOf(error)}`);
  }
  return { name: basename(source, extname(source)), space: parseSpace(value, source) };
}

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
