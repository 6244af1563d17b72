/** @module Intervals. */

/** Lower and upper end. */
export type Interval = readonly [low: number, high: number];
