/** @module `histo compare`: common techniques on one data set, one table. */
import type { ComparisonRow, TechniqueComparison } from "../experiments/index";
import { addBackboneOptions, type BackboneCommandOptions } from "./backbone-options";
import { type CommandDefinition, integer } from "./command";
import { addDataOptions, addFoldOptions, type DataOptions, datasetOptions } from "./data-options";
import { textTable } from "./text-table";
import { addTrackingOptions, type TrackingCommandOptions } from "./tracking-options";

interface Options extends DataOptions, BackboneCommandOptions, TrackingCommandOptions {
  readonly out?: string;
  readonly models?: string;
  readonly backbone?: string;
  readonly size: number;
  readonly epochs?: number;
  readonly seed: number;
}

export const compareCommand: CommandDefinition<Options, TechniqueComparison> = {
  name: "compare",
  summary: "train common techniques on one data set and put what they reach and cost into one table",
  configure: (command) =>
    addTrackingOptions(addBackboneOptions(addFoldOptions(addDataOptions(command))))
      .option(
        "--out <dir>",
        "directory of the runs; finished ones are kept (default: one under runs/ for these options)",
      )
      .option("--models <names>", "colour, mlp, mlp-regularized, mlp-subspace, mlp-colour, cnn, vit; all by default")
      .option("--backbone <onnx>", "and a linear head on this frozen feature extractor: FILE.onnx or hf:OWNER/NAME")
      .option("--size <px>", "edge length of the models' input", integer(8, 16384), 96)
      .option("--epochs <n>", "at most so many epochs each", integer(1))
      .option("--seed <n>", "fixes everything random", integer(0), 0),
  async run(options, { progress, signal }) {
    const { compareTechniques, comparisonDirectory, TECHNIQUES } = await import("../experiments/index.js");
    const { data, out, models, backbone, size, epochs, seed, track, experiment } = options;
    const { backboneOutput, backbonePool, backboneMean, backboneStd } = options;
    const dataset = JSON.parse(JSON.stringify(datasetOptions(options))) as ReturnType<typeof datasetOptions>;
    const place = { data, dataset, size, seed, ...(epochs !== undefined && { epochs }) };
    const comparison = await compareTechniques({
      ...place,
      out: out ?? comparisonDirectory(place),
      models: models?.split(",") ?? TECHNIQUES.map(({ name }) => name),
      ...(backbone !== undefined && { backbone }),
      backboneOptions: {
        ...(backboneOutput !== undefined && { backboneOutput }),
        ...(backbonePool !== undefined && { backbonePool }),
        ...(backboneMean !== undefined && { backboneMean }),
        ...(backboneStd !== undefined && { backboneStd }),
      },
      track: track && { experiment },
      progress,
      signal,
    });
    if (comparison.failed.length > 0) process.exitCode = 1;
    return comparison;
  },
  render({ rows, failed, verdict, runUrl }) {
    const notes = rows.flatMap(({ title, note }) => (note ? [`${title}: ${note}.`] : []));
    const page = runUrl ? [`MLflow: ${runUrl}`] : [];
    const lines = [...rows.map(cells), ...failed.map(({ title }) => [title, "failed"])];
    const reasons = failed.map(({ title, reason }) => `${title} failed: ${reason}`);
    return [textTable(HEADER, lines), ...notes, ...reasons, verdict, ...page].join("\n");
  },
};

const HEADER = [
  "technique",
  "test AUC",
  "95 %",
  "bal. acc.",
  "95 %",
  "parameters",
  "MB",
  "train MB",
  "s/epoch",
  "s",
  "ms/image",
];

function cells(row: ComparisonRow): string[] {
  const { rocAuc, rocAucCi95, balancedAccuracy } = row.test;
  const bounds = (interval: readonly number[] = []) => interval.map((value) => value.toFixed(3)).join(" to ");
  return [
    row.title,
    rocAuc.toFixed(3),
    bounds(rocAucCi95),
    balancedAccuracy.toFixed(3),
    bounds(row.testCi95.balancedAccuracy),
    String(row.parameters),
    (row.diskBytes / 1e6).toFixed(1),
    (row.trainingMemoryBytes / 1e6).toFixed(0),
    row.secondsPerEpoch.toFixed(2),
    row.trainingSeconds.toFixed(0),
    row.latencyMs.toFixed(2),
  ];
}
