/** @module `histo compare`: common techniques on one data set, one table. */
import { join } from "node:path";
import type { ComparisonRow, TechniqueComparison } from "../experiments/index";
import { projectRoot } from "../files/index";
import { type CommandDefinition, integer } from "./command";
import { textTable } from "./text-table";

interface Options {
  readonly data: string;
  readonly out?: string;
  readonly models?: string;
  readonly size: number;
  readonly epochs?: number;
  readonly seed: number;
}

export const compareCommand: CommandDefinition<Options, TechniqueComparison> = {
  name: "compare",
  summary: "train common techniques on one data set and put what they reach and cost into one table",
  configure: (command) =>
    command
      .requiredOption("--data <dir>", "data set directory")
      .option("--out <dir>", "directory of the runs; finished ones are kept (default: runs/comparison)")
      .option("--models <names>", "colour, mlp, mlp-regularized, mlp-subspace, cnn, vit; all by default")
      .option("--size <px>", "edge length of the models' input", integer(8, 16384), 96)
      .option("--epochs <n>", "at most so many epochs each", integer(1))
      .option("--seed <n>", "fixes everything random", integer(0), 0),
  async run({ data, out, models, size, epochs, seed }, { progress, signal }) {
    const { compareTechniques, TECHNIQUES } = await import("../experiments/index.js");
    return compareTechniques({
      data,
      out: out ?? join(projectRoot(), "runs", "comparison"),
      models: models?.split(",") ?? TECHNIQUES.map(({ name }) => name),
      size,
      seed,
      progress,
      signal,
      ...(epochs !== undefined && { epochs }),
    });
  },
  render: ({ rows }) => textTable(HEADER, rows.map(cells)),
};

const HEADER = [
  "technique",
  "test AUC",
  "95 %",
  "bal. acc.",
  "parameters",
  "MB",
  "train MB",
  "s/epoch",
  "s",
  "ms/image",
];

function cells(row: ComparisonRow): string[] {
  const { rocAuc, rocAucCi95, balancedAccuracy } = row.test;
  return [
    row.title,
    rocAuc.toFixed(3),
    rocAucCi95?.map((value) => value.toFixed(3)).join(" to ") ?? "",
    balancedAccuracy.toFixed(3),
    String(row.parameters),
    (row.diskBytes / 1e6).toFixed(1),
    (row.trainingMemoryBytes / 1e6).toFixed(0),
    row.secondsPerEpoch.toFixed(2),
    row.trainingSeconds.toFixed(0),
    row.latencyMs.toFixed(2),
  ];
}
