/**
 * @module Arithmetic with the same result on every machine: only +, -, *, / and square roots, which IEEE 754 fixes to
 * the last bit, while `Math.sin`, `Math.exp` and their like may differ between builds. Tiles are drawn with it alone.
 */
import type { Random } from "../../random/index";

/** Cosine of an angle given in turns (1 = 360 degrees); error below 1e-6. */
export function cosineOfTurns(turns: number): number {
  let x = turns - Math.floor(turns);
  let sign = 1;
  if (x > 0.5) x = 1 - x;
  if (x > 0.25) {
    x = 0.5 - x;
    sign = -1;
  }
  const y = (x * 6.283185307179586) ** 2;
  return sign * (1 + y * (-1 / 2 + y * (1 / 24 + y * (-1 / 720 + y * (1 / 40320 - y / 3628800)))));
}

export function sineOfTurns(turns: number): number {
  return cosineOfTurns(turns - 0.25);
}

/** Approximately normal (the sum of six uniform numbers, Irwin-Hall); never beyond 4.3 deviations. */
export function normal(random: Random, mean = 0, deviation = 1): number {
  let sum = -3;
  for (let i = 0; i < 6; i++) sum += random.next();
  return mean + deviation * sum * Math.SQRT2;
}

/** Smooth step from 0 at `low` to 1 at `high`. */
export function smoothStep(low: number, high: number, value: number): number {
  const t = clamp((value - low) / (high - low), 0, 1);
  return t * t * (3 - 2 * t);
}

export function clamp(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}

export function mix(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}

/** Triangle wave of period 1 with values from -1 to 1. */
export function triangleWave(phase: number): number {
  const x = phase - Math.floor(phase);
  return x < 0.5 ? 4 * x - 1 : 3 - 4 * x;
}

/** Scallops of period 1: round bulges that reach -1, with narrow clefts between them that reach 1. */
export function scallopWave(phase: number): number {
  const x = 2 * (phase - Math.floor(phase)) - 1;
  return 2 * x * x * (0.45 + 0.55 * x * x) - 1;
}
