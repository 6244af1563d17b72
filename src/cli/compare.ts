/** @module `histo compare`: common techniques on one data set, one table. */

import * as z from "zod";
import { mustBeDataFolder } from "../dataset/labels/index";
import type { ComparisonRow, TechniqueComparison } from "../experiments/index";
import { group, option, trainingSchema, whole } from "../options/index";
import type { CommandDefinition } from "./command";
import { type DataOptions, datasetChoice, datasetOptions } from "./data-options";
import { addSchemaOptions, givenOptions, readOptions } from "./schema-options";
import { textTable } from "./text-table";
import { trackingOptions } from "./tracking-options";

/** What may be said about a frozen backbone. */
const backboneSchema = trainingSchema.pick({
  backboneOutput: true,
  backbonePool: true,
  backboneMean: true,
  backboneStd: true,
});

export const compareSchema = z.strictObject({
  ...group("Comparison", {
    out: option(z.string().optional(), "directory of the runs; finished ones are kept", {
      value: "dir",
      usual: "one under runs/ for these options",
    }),
    models: option(
      z.string().optional(),
      "colour, mlp, mlp-regularized, mlp-subspace, mlp-colour, cnn, vit, pretrained, efficientnet-lite0, efficientnet-lite2",
      {
        value: "names",
        usual: "all but the last two, which take minutes",
      },
    ),
    backbone: option(
      z.string().optional(),
      "also a linear head on this frozen feature extractor: FILE.onnx or hf:OWNER/NAME",
      { value: "onnx" },
    ),
    size: option(whole(8, 16384).default(96), "edge length of the models' input", { value: "px" }),
    epochs: option(whole(1).optional(), "maximum epochs per technique", { value: "n" }),
    seed: option(whole(0).default(0), "random seed", { value: "n" }),
  }),
  ...trackingOptions,
});

export const compareCommand: CommandDefinition<DataOptions, TechniqueComparison> = {
  configure: (command) => [datasetChoice, backboneSchema, compareSchema].reduce(addSchemaOptions, command),
  async run(flags, { progress, signal }) {
    await mustBeDataFolder(flags.data);
    const { compareTechniques, comparisonDirectory, usualTechniques } = await import("../experiments/index.js");
    const { out, models, backbone, size, epochs, seed, track, experiment } = readOptions(flags, compareSchema);
    const dataset = datasetOptions(flags);
    const place = { data: flags.data, dataset, size, seed, ...(epochs !== undefined && { epochs }) };
    const comparison = await compareTechniques({
      ...place,
      out: out ?? comparisonDirectory(place),
      models: models?.split(",") ?? usualTechniques(),
      ...(backbone !== undefined && { backbone }),
      backboneOptions: givenOptions(flags, backboneSchema),
      track: track && { experiment },
      progress,
      signal,
    });
    if (comparison.failed.some(({ isUnavailable }) => !isUnavailable)) process.exitCode = 1;
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
