/** @module Traffic patterns: a rate over time, and arrivals drawn from it. */
import type { Random } from "../random/index";

/** Requests per second as a function of the seconds since midnight on Monday. */
export interface TrafficPattern {
  readonly name: string;
  /** Upper bound of `rate`. */
  readonly peak: number;
  rate(seconds: number): number;
}

const HOUR = 3600;
const DAY = 24 * HOUR;

/** The same rate at all times. */
export function constantTraffic(requestsPerSecond: number): TrafficPattern {
  return { name: `constant ${requestsPerSecond}/s`, peak: requestsPerSecond, rate: () => requestsPerSecond };
}

/** Weekdays from 8 to 18 h with a peak at 13 h; the rate `night` at all other times. */
export function officeHours(peak: number, night = 0): TrafficPattern {
  return {
    name: `office hours, up to ${peak}/s`,
    peak: Math.max(peak, night),
    rate(seconds) {
      const hour = (seconds % DAY) / HOUR;
      const weekday = Math.floor(seconds / DAY) % 7 < 5;
      if (!weekday || hour < 8 || hour >= 18) return night;
      return night + (peak - night) * Math.sin((Math.PI * (hour - 8)) / 10);
    },
  };
}

/** A low rate with a burst of `seconds` every `every` seconds, such as from a scanner that sends batches of slides. */
export function spikes(base: number, peak: number, every: number, seconds: number): TrafficPattern {
  return {
    name: `spikes of ${peak}/s`,
    peak: Math.max(base, peak),
    rate: (time) => (time % every < seconds ? peak : base),
  };
}

/** Mean rate over a week, by the midpoint rule with a step of ten seconds. */
export function meanRate(pattern: TrafficPattern): number {
  const step = 10;
  let sum = 0;
  for (let time = step / 2; time < 7 * DAY; time += step) sum += pattern.rate(time);
  return (sum * step) / (7 * DAY);
}

/**
 * Arrival times in seconds from `from` (inclusive) to `until`, ascending: a Poisson process of the pattern's rate, by
 * thinning (Lewis and Shedler 1979).
 */
export function arrivals(pattern: TrafficPattern, from: number, until: number, random: Random): Float64Array {
  const times: number[] = [];
  if (pattern.peak <= 0) return new Float64Array();
  for (let time = from + exponential(1 / pattern.peak, random); time < until; ) {
    if (random.next() * pattern.peak < pattern.rate(time)) times.push(time);
    time += exponential(1 / pattern.peak, random);
  }
  return Float64Array.from(times);
}

/** Draws from the exponential distribution with the given mean. */
export function exponential(mean: number, random: Random): number {
  return -mean * Math.log(1 - random.next());
}
