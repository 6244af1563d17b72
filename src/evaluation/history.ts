/** @module The epochs of a run, from `history.jsonl`, and the validation measure that selects the best one. */
import { readFile } from "node:fs/promises";
import { InputError } from "../errors/index";
import { binaryMetrics } from "./metrics";

/** One line of `history.jsonl`. */
export interface EpochLine {
  readonly epoch: number;
  readonly learningRate?: number;
  readonly seconds?: number;
  readonly train: Readonly<Record<string, unknown>>;
  readonly validation: Readonly<Record<string, unknown>>;
}

/** Reads `history.jsonl`, without a last line that a crash has truncated. @throws {InputError} `RUN_UNREADABLE` */
export async function readHistory(path: string): Promise<EpochLine[]> {
  const lines = (await readFile(path, "utf8")).split("\n").filter((line) => line.trim() !== "");
  return lines.flatMap((line, i): EpochLine[] => {
    try {
      return [JSON.parse(line) as EpochLine];
    } catch {
      if (i === lines.length - 1) return [];
      throw new InputError("RUN_UNREADABLE", `${path}, line ${i + 1} is not JSON.`);
    }
  });
}

export interface Monitor {
  /** Name of a validation measure, such as `rocAuc` or `loss`. */
  readonly metric: string;
  readonly mode: "min" | "max";
}

const SMALLER_IS_BETTER = new Set(["loss", "brier", "expectedCalibrationError", "falseNegativeRate"]);

/** Numbers among the metrics that do not measure quality. */
const NO_MEASURES = new Set(["n", "threshold"]);

/** A monitor; by default, its mode follows from the metric. */
export function monitorOf(metric: string, mode: "auto" | "min" | "max" = "auto"): Monitor {
  return { metric, mode: mode === "auto" ? (SMALLER_IS_BETTER.has(metric) ? "min" : "max") : mode };
}

/** The measures of every model. */
export function measureNames(): string[] {
  const measures = Object.entries(binaryMetrics([0, 1], [0.2, 0.8], { interval: false }));
  const known = measures.filter(([name, value]) => typeof value === "number" && !NO_MEASURES.has(name));
  return ["loss", ...known.map(([name]) => name)];
}

/** Checks before training that the measure will exist. @throws {InputError} `MONITOR_UNKNOWN` */
export function checkMonitor({ metric }: Monitor, own: readonly string[]): void {
  const known = [...measureNames(), ...own];
  if (!known.includes(metric)) {
    throw new InputError("MONITOR_UNKNOWN", `--monitor ${metric} is not one of ${known.join(", ")}.`);
  }
}

/** The monitored value of an epoch. */
export function monitored({ validation }: Pick<EpochLine, "validation">, { metric }: Monitor): number {
  const value = validation[metric];
  return typeof value === "number" ? value : Number.NaN;
}

/** True if `value` is better than `best` by more than `minDelta`; NaN never is. */
export function improves(value: number, best: number | undefined, { mode }: Monitor, minDelta = 0): boolean {
  if (Number.isNaN(value)) return false;
  if (best === undefined) return true;
  return mode === "max" ? value > best + minDelta : value < best - minDelta;
}

/** An epoch's monitored value and its validation loss. */
export interface Standing {
  readonly value: number;
  readonly loss: number;
}

export function standingOf(epoch: Pick<EpochLine, "validation">, monitor: Monitor): Standing {
  return { value: monitored(epoch, monitor), loss: monitored(epoch, { metric: "loss", mode: "min" }) };
}

/**
 * True if an epoch is better than another one. Of equal values the one with the lower loss is better: on few validation images the
 * first epoch may have an area of 1, with probabilities that mean nothing yet.
 */
export function standsAbove(one: Standing, other: Standing | undefined, monitor: Monitor): boolean {
  return improves(one.value, other?.value, monitor) || (one.value === other?.value && one.loss < other.loss);
}

/** The best epoch, see {@link standsAbove}; the very first if no epoch has a value. */
export function bestByMonitor<T extends Pick<EpochLine, "validation">>(
  history: readonly T[],
  monitor: Monitor,
): T | undefined {
  let best: T | undefined;
  for (const epoch of history) {
    if (standsAbove(standingOf(epoch, monitor), best && standingOf(best, monitor), monitor)) best = epoch;
  }
  return best ?? history[0];
}
