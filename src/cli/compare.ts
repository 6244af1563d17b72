/** @module `histo compare`: compares common techniques on one data set. */
import { join } from "node:path";
import * as z from "zod";
import { mustBeDataFolder } from "../dataset/labels/index";
import type { ComparisonRow, SeedSpread, TechniqueComparison } from "../experiments/index";
import { bounds, textTable } from "../format/index";
import { group, option, trainingSchema, whole } from "../options/index";
import { defineCommand } from "./command";
import { datasetChoice } from "./data";
import { trackingOptions } from "./mlflow";
import { givenOptions, readOptions } from "./schema-options";

/** The options of a frozen backbone. */
const backboneSchema = trainingSchema.pick({
  backboneOutput: true,
  backbonePool: true,
  backboneMean: true,
  backboneStd: true,
});

const compareSchema = z.strictObject({
  ...group("Comparison", {
    out: option(z.string().optional(), "directory of the runs; finished ones are kept", {
      value: "dir",
      usual: "one under runs/ for these options",
    }),
    models: option(
      z.string().optional(),
      "colour, mlp, mlp-regularized, mlp-subspace, mlp-colour, cnn, vit, pretrained, efficientnet-lite0, efficientnet-lite2",
      { value: "names", usual: "all but the last two, which take minutes" },
    ),
    backbone: option(
      z.string().optional(),
      "also a linear head on this frozen feature extractor: FILE.onnx or hf:OWNER/NAME",
      { value: "onnx" },
    ),
    size: option(whole(8, 16384).default(96), "edge length of the models' input", { value: "px" }),
    epochs: option(whole(1).optional(), "maximum epochs per technique", { value: "n" }),
    seed: option(whole(0).default(0), "random seed", { value: "n" }),
    seeds: option(
      whole(1, 100).default(1),
      "number of seeds, from --seed on; several print mean and standard deviation",
      { value: "n" },
    ),
  }),
  ...trackingOptions,
});

type Compared = TechniqueComparison & { readonly overSeeds?: readonly SeedSpread[] };

export const command = defineCommand({
  schema: compareSchema,
  moreOptions: [datasetChoice, backboneSchema],
  async run({ out, models, backbone, size, epochs, seed, seeds, track, experiment }, { flags, progress, signal }) {
    const { data, dataset = {} } = readOptions(flags, datasetChoice);
    await mustBeDataFolder(data);
    const { compareOverSeeds, compareTechniques, comparisonDirectory, usualTechniques } = await import(
      "../experiments/index.js"
    );
    const place = { data, dataset, size, ...(epochs !== undefined && { epochs }) };
    const options = {
      ...place,
      models: models?.split(",") ?? usualTechniques(),
      ...(backbone !== undefined && { backbone }),
      backboneOptions: givenOptions(flags, backboneSchema),
      track: track && { experiment },
      progress,
      signal,
    };
    const outOf = (one: number) => {
      if (!out) return comparisonDirectory({ ...place, seed: one });
      return seeds === 1 ? out : join(out, `seed-${one}`);
    };
    const rest = Array.from({ length: seeds - 1 }, (_, i) => seed + 1 + i);
    const comparison: Compared =
      seeds === 1
        ? await compareTechniques({ ...options, seed, out: outOf(seed) })
        : await compareOverSeeds(options, [seed, ...rest], outOf);
    if (comparison.failed.some(({ isUnavailable }) => !isUnavailable)) process.exitCode = 1;
    return comparison;
  },
  render({ rows, failed, verdict, runUrl, overSeeds }) {
    const notes = rows.flatMap(({ title, note }) => (note ? [`${title}: ${note}.`] : []));
    const page = runUrl ? [`MLflow: ${runUrl}`] : [];
    const lines = [...rows.map(cells), ...failed.map(({ title }) => [title, "failed"])];
    const reasons = failed.map(({ title, reason }) => `${title} failed: ${reason}`);
    const spread = overSeeds ? ["", seedTable(overSeeds)] : [];
    return [textTable(HEADER, lines), ...notes, ...reasons, verdict, ...page, ...spread].join("\n");
  },
});

const HEADER = "technique, test AUC, 95 %, bal. acc., 95 %, parameters, MB, train MB, s/epoch, s, ms/image".split(", ");

/** Mean and standard deviation over seeds. */
function seedTable(techniques: readonly SeedSpread[]): string {
  const lines = techniques.map(({ title, seeds, validation, test }) => [
    title,
    String(seeds),
    ...[validation.rocAuc, test.rocAuc, test.balancedAccuracy].map((spread) =>
      spread ? `${spread.mean.toFixed(3)}${spread.std === null ? "" : ` ± ${spread.std.toFixed(3)}`}` : "",
    ),
  ]);
  return textTable(["over seeds", "seeds", "validation AUC", "test AUC", "test bal. acc."], lines);
}

function cells(row: ComparisonRow): string[] {
  const { rocAuc, rocAucCi95, balancedAccuracy } = row.test;
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
