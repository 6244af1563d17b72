/** @module Mean and spread of metrics over trainings that differ in fold or seed. */

/** Statistics of a metric over the trainings that have it. */
export interface Spread {
  readonly mean: number;
  /** Standard deviation (of a sample); null for a single training. */
  readonly std: number | null;
  readonly min: number;
  readonly max: number;
}

/** By the names of the metrics. */
export type Spreads = Readonly<Record<string, Spread>>;

/** Mean and spread of every metric that is a number in at least one of the rows, by name. */
export function spreadOf(rows: readonly object[]): Spreads {
  const values = new Map<string, number[]>();
  for (const [name, value] of rows.flatMap((row): [string, unknown][] => Object.entries(row))) {
    if (typeof value === "number" && !values.has(name)) values.set(name, []);
    if (Number.isFinite(value)) values.get(name)?.push(value as number);
  }
  return Object.fromEntries([...values].map(([name, some]) => [name, spread(some)]));
}

function spread(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const std = values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : null;
  return { mean, std, min: Math.min(...values), max: Math.max(...values) };
}
