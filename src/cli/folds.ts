/** @module The metrics of every fold and their spread as a table. */
import type { FoldMetrics, Spreads } from "../evaluation/index";
import { decimal, textTable } from "../format/index";

const MEASURES = { rocAuc: "AUC", balancedAccuracy: "bal. acc.", f1: "F1" } as const;
const PARTITIONS = ["validation", "test"] as const;

/** A row for each fold, then mean and standard deviation. */
export function foldsTable(
  folds: readonly FoldMetrics[],
  spread: Readonly<Record<(typeof PARTITIONS)[number], Spreads>>,
): string {
  type Value = (partition: (typeof PARTITIONS)[number], measure: keyof typeof MEASURES) => number | null | undefined;
  const measures = Object.keys(MEASURES) as (keyof typeof MEASURES)[];
  const row = (name: string, of: Value) => [
    name,
    ...PARTITIONS.flatMap((partition) => measures.map((measure) => decimal(of(partition, measure), 3, "-"))),
  ];
  const head = PARTITIONS.flatMap((partition) => Object.values(MEASURES).map((name) => `${partition} ${name}`));
  return textTable(
    ["fold", ...head],
    [
      ...folds.map((result) => row(result.fold, (partition, measure) => result[partition]?.[measure])),
      row("mean", (partition, measure) => spread[partition][measure]?.mean),
      row("std", (partition, measure) => spread[partition][measure]?.std),
    ],
  );
}
