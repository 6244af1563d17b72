/** @module Mean and spread of metrics over trainings that differ in fold or seed. */

/** By the names of the metrics. */
export type Spreads = Readonly<Record<string, ReturnType<typeof spread>>>;

/** Mean and spread of every metric that is a number in at least one of the rows, by name. */
export function spreadOf(rows: readonly object[]): Spreads {
  const values = new Map<string, number[]>();
  for (const [name, value] of rows.flatMap((row): [string, unknown][] => Object.entries(row))) {
    if (typeof value === "number" && !values.has(name)) values.set(name, []);
    if (Number.isFinite(value)) values.get(name)?.push(value as number);
  }
  return Object.fromEntries([...values].map(([name, some]) => [name, spread(some)]));
}

/** Statistics of a metric over the trainings that have it. The standard deviation, of a sample, is null for a single one. */
function spread(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const std = values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : null;
  return { mean, std, min: Math.min(...values), max: Math.max(...values) };
}
