/** @module The learning rate of a training: schedules are pure functions of the step, so that a resumed run needs only the step. */
import { InputError } from "../errors/index";
import { parseDecimal } from "../files/index";
import { modelNamed } from "../models/registry/index";
import type { TrainingOptions } from "../options/index";

/** Factor on the highest learning rate at a step, 0 to 1. */
type Schedule = (step: number) => number;

/** Length of a training. */
interface ScheduleLength {
  readonly stepsPerEpoch: number;
  readonly epochs: number;
}

const constant = (): Schedule => () => 1;

/** Multiplies the rate by `factor` every `every` epochs. */
function stepDecay(every: number, factor: number, { stepsPerEpoch }: ScheduleLength): Schedule {
  return (step) => factor ** Math.floor(step / stepsPerEpoch / every);
}

/** Multiplies the rate by `factor` at each of the given epochs. */
function multiStep(milestones: readonly number[], factor: number, { stepsPerEpoch }: ScheduleLength): Schedule {
  return (step) => factor ** milestones.filter((epoch) => step >= epoch * stepsPerEpoch).length;
}

/** Half a cosine from 1 to `floor` (Loshchilov and Hutter 2017, one cycle). */
function cosine(floor: number, length: ScheduleLength): Schedule {
  return (step) => floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * progress(step, length)));
}

/** From 1 to 0 as a power of the remaining share of steps. */
function polynomial(power: number, length: ScheduleLength): Schedule {
  return (step) => (1 - progress(step, length)) ** power;
}

/** Up from 1/25 over the first 30 % of the steps, then down to 1/10,000, both along cosines (Smith and Topin 2019). */
function oneCycle(length: ScheduleLength, rise = 0.3, start = 1 / 25, end = 1e-4): Schedule {
  return (step) => {
    const at = progress(step, length);
    const [from, to, part] = at < rise ? [start, 1, at / rise] : [1, end, (at - rise) / (1 - rise)];
    return to + (from - to) * 0.5 * (1 + Math.cos(Math.PI * part));
  };
}

/** Adds a linear warm-up over the first `steps` steps to a schedule. */
export function withWarmup(schedule: Schedule, steps: number): Schedule {
  return (step) => (step < steps ? schedule(step) * ((step + 1) / (steps + 1)) : schedule(step));
}

function progress(step: number, { stepsPerEpoch, epochs }: ScheduleLength): number {
  return Math.min(1, step / Math.max(1, stepsPerEpoch * epochs));
}

/** A schedule that reacts to the monitored metric, applied by `ReduceOnPlateau`. */
export interface Plateau {
  readonly factor: number;
  readonly patience: number;
}

/** A parsed schedule, which becomes a function of the step once the length of the training is known. */
export interface ParsedSchedule {
  schedule(length: ScheduleLength): Schedule;
  readonly plateau?: Plateau;
}

const USAGE =
  "constant, step:EPOCHS:FACTOR, multistep:E1,E2:FACTOR, cosine[:FLOOR], onecycle, polynomial[:POWER], plateau:FACTOR:PATIENCE";

/** Fewest and most numbers of each schedule. */
const NUMBERS: ReadonlyMap<string, readonly [fewest: number, most: number]> = new Map([
  ["constant", [0, 0]],
  ["step", [2, 2]],
  ["multistep", [2, 2]],
  ["cosine", [0, 1]],
  ["onecycle", [0, 0]],
  ["polynomial", [0, 1]],
  ["plateau", [2, 2]],
]);

/** Parses a schedule such as `cosine`, `step:10:0.1` or `plateau:0.5:3`. @throws {InputError} `SCHEDULE_UNKNOWN` */
export function parseSchedule(text: string): ParsedSchedule {
  const unknown = new InputError("SCHEDULE_UNKNOWN", `--schedule ${text} is not one of ${USAGE}.`);
  const [name = "", ...parts] = text.split(":");
  const [fewest, most] = NUMBERS.get(name) ?? [1, 0];
  if (parts.length < fewest || parts.length > most) throw unknown;
  const numbers = parts.map((part) => parseDecimal(part));
  const [first = Number.NaN, second = Number.NaN] = numbers;
  const positive = (value: number) => value > 0;
  if (name === "constant") return { schedule: constant };
  if (name === "cosine" && (parts.length === 0 || (first >= 0 && first <= 1))) {
    return { schedule: (length) => cosine(parts.length ? first : 0, length) };
  }
  if (name === "onecycle") return { schedule: (length) => oneCycle(length) };
  if (name === "polynomial" && (parts.length === 0 || positive(first))) {
    return { schedule: (length) => polynomial(parts.length ? first : 1, length) };
  }
  if (name === "step" && positive(first) && positive(second)) {
    return { schedule: (length) => stepDecay(first, second, length) };
  }
  if (name === "multistep" && positive(second)) {
    const milestones = (parts[0] ?? "").split(",").map((part) => parseDecimal(part));
    if (milestones.every(positive)) return { schedule: (length) => multiStep(milestones, second, length) };
  }
  if (name === "plateau" && positive(first) && first < 1 && second >= 0) {
    return { schedule: constant, plateau: { factor: first, patience: second } };
  }
  throw unknown;
}

/** @throws {InputError} `SCHEDULE_UNKNOWN` */
export function planLearningRate(options: TrainingOptions) {
  const highest = highestRate(options);
  const { schedule, plateau } = parseSchedule(options.schedule);
  return {
    /** The highest rate. */
    highest,
    /** For a schedule that reacts to the monitored metric. */
    ...(plateau && { plateau }),
    /** The rate at each step of a training of this length, with schedule and warm-up. */
    over(length: ScheduleLength): (step: number) => number {
      const factor = withWarmup(schedule(length), Math.round(options.warmup * length.stepsPerEpoch));
      return (step) => highest * factor(step);
    },
  };
}

export function highestRate({ lr, optimizer, model, stem, size }: TrainingOptions): number {
  if (lr !== "auto") return lr;
  if (optimizer === "sgd") return 0.01;
  return (stem === "pixels" ? modelNamed(model)?.rate?.(size) : undefined) ?? 3e-4;
}
