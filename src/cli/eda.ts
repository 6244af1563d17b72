/** @module `histo eda`: what a data set holds, and what is wrong with it. */
import { existsSync } from "node:fs";
import * as z from "zod";
import type { Dataset, DuplicateGroup, LabelSummary, PixelChecks } from "../dataset/index";
import { InputError } from "../errors/index";
import type { Measured, Shifts } from "../familiar/index";
import { option } from "../options/index";
import type { CommandDefinition } from "./command";
import { datasetOptions, readingSchema } from "./data-options";
import { readMetFile } from "./met-file";
import { addSchemaOptions, readOptions } from "./schema-options";

export const edaSchema = readingSchema.extend({
  images: option(z.boolean().default(true), "read the label table only", { flag: "no-images" }),
  against: option(
    z.string().optional(),
    "other images to compare with the training images: a folder, or what a server's GET /models/{model}/met answered",
    { value: "path" },
  ),
});

type Colour = readonly [number, number, number];

interface Result extends LabelSummary, Partial<PixelChecks> {
  readonly layout: string;
  readonly positive: string;
  /** Channel mean and deviation of the training pixels on the scale 0 to 1. */
  readonly mean?: Colour;
  readonly std?: Colour;
  readonly skipped?: readonly { readonly name: string; readonly reason: string }[];
  /** How partitions, and the images of `--against`, look beside the training images. */
  readonly shift?: Shifts;
  readonly notes: readonly string[];
}

export const edaCommand: CommandDefinition<object, Result> = {
  configure: (command) => addSchemaOptions(command, edaSchema),
  async run(flags, { progress, signal }) {
    const { checkPixels, channelStatistics, naturalSize, openPixelStore, summarizeLabels, withoutSkipped } =
      await import("../dataset/index.js");
    const { against } = readOptions(flags, edaSchema);
    const { dataset, images } = await loadTable(flags);
    const labels = {
      ...summarizeLabels(dataset),
      layout: dataset.layout,
      positive: dataset.classes[1],
      notes: dataset.notes ?? [],
    };
    if (!images) return labels;
    const met = against?.endsWith(".json") ? await readMetFile(against) : undefined;
    const prepared = met?.preprocessing ?? { size: await naturalSize(dataset) };
    const store = await openPixelStore(dataset, { ...prepared, progress, signal });
    try {
      const readable = withoutSkipped(dataset, store);
      const train = readable.tiles.filter((tile) => tile.partition === "train");
      const { mean, std } = channelStatistics(
        store,
        train.map((tile) => store.positionOf(tile.name)),
      );
      const { skipped } = store;
      const { measureShifts } = await import("../familiar/index.js");
      const further = met?.looks ?? (against === undefined ? [] : await looksIn(against, store.size));
      const shift = measureShifts(readable.tiles, store, further);
      return { ...labels, mean, std, ...checkPixels(readable, store), shift, skipped, notes: readable.notes ?? [] };
    } finally {
      store.close();
    }
  },
  render: (result) => [...labelLines(result), ...pixelLines(result), ...shiftLines(result), ...result.notes].join("\n"),
};

/** Images to compare with, at most. */
const MOST_FURTHER = 500;

/** Looks of the images in a folder, brought to the size of the data set's. */
async function looksIn(folder: string, size: number): Promise<Measured[]> {
  const [{ evenly, lookOf }, { listImages }, { prepareImage }] = await Promise.all([
    import("../familiar/index.js"),
    import("../inference/index.js"),
    import("../image/index.js"),
  ]);
  const looks: Measured[] = [];
  for (const { path } of evenly(await listImages([folder], "--against"), MOST_FURTHER)) {
    looks.push(lookOf((await prepareImage(path, { size, resize: "crop" })).pixels, size));
  }
  return looks;
}

/** The data set, and whether its images are to be looked at: a label table that came without any is worth a look too. */
async function loadTable(flags: object): Promise<{ readonly dataset: Dataset; readonly images: boolean }> {
  const { loadDataset } = await import("../dataset/index.js");
  const { data, images } = readOptions(flags, edaSchema);
  const load = (requireImages: boolean) => loadDataset(data, { ...datasetOptions(flags), requireImages });
  if (!images) return { dataset: await load(false), images: false };
  try {
    return { dataset: await load(true), images: true };
  } catch (error) {
    if (!(error instanceof InputError && error.code === "DATA_IMAGES_MISSING")) throw error;
    const dataset = await load(false);
    if (dataset.tiles.some((tile) => existsSync(tile.path))) throw error;
    const note = `None of the ${dataset.tiles.length} images exists: only the label table was read.`;
    return { dataset: { ...dataset, notes: [...(dataset.notes ?? []), note] }, images: false };
  }
}

function shiftLines({ shift = {} }: Result): string[] {
  return Object.values(shift).map(({ says }) => says);
}

function labelLines({ classes, partitions, votes, groups, positive, layout }: Result): string[] {
  const names = ["train", "validation", "test"] as const;
  const line = (name: string, counts: LabelSummary["partitions"]) =>
    names
      .map((partition) => (counts[partition] === undefined ? "" : `${partition} ${counts[partition]}`))
      .filter(Boolean)
      .join(", ")
      .replace(/^/, `${name.padEnd(18)} `);
  const lines = [
    line(`images (${layout})`, partitions),
    ...Object.entries(classes).map(([name, counts]) => line(name === positive ? `${name} (positive)` : name, counts)),
  ];
  if (groups) {
    const across = groups.acrossPartitions;
    lines.push(`${"groups".padEnd(18)} ${groups.count}; ${across.length} in several partitions${examples(across)}`);
  }
  if (!votes) return lines;
  const agreement = Object.entries(votes.agreement).map(([key, count]) => `${key}: ${count}`);
  return [
    ...lines,
    `${"votes".padEnd(18)} ${votes.tiles} tiles by ${votes.voters} experts; agreement ${agreement.join(", ")}`,
    `${"against majority".padEnd(18)} ${votes.againstMajority.length}${examples(votes.againstMajority)}`,
  ];
}

function pixelLines({ mean, std, sizes, duplicates, blank = [], oddSizes = [], brightnessOutliers = [] }: Result) {
  if (!mean || !std || !sizes || !duplicates) return [];
  const colour = (values: Colour) => values.map((value) => value.toFixed(4)).join(", ");
  const { exact, near, acrossPartitions, labelConflicts } = duplicates;
  // Those that matter most first: leaks, then contradictions.
  const together = (groups: readonly DuplicateGroup[]) =>
    [...groups]
      .sort((a, b) => weight(b) - weight(a))
      .map((group) => `${group.names.slice(0, SHOWN).join(" = ")}${group.names.length > SHOWN ? " = ..." : ""}`);
  const counts = Object.entries(sizes).map(([size, count]) => `${size}: ${count}`);
  const entries: [string, string][] = [
    ["train mean (rgb)", colour(mean)],
    ["train std (rgb)", colour(std)],
    ["sizes", counts.join(", ") + examples(Object.keys(sizes).length > 1 ? oddSizes : [])],
    ["exact duplicates", `${exact.length} groups${examples(together(exact))}`],
    ["near duplicates", `${near.length} pairs${examples(together(near))}`],
    ["  of all these", `${acrossPartitions} across partitions, ${labelConflicts} with both labels`],
    ["blank tiles", `${blank.length}${examples(blank)}`],
    ["bright or dark", `${brightnessOutliers.length} outliers${examples(brightnessOutliers)}`],
  ];
  const lines = entries.map(([name, value]) => `${name.padEnd(18)} ${value}`);
  const isCut = [exact, near, blank, oddSizes, brightnessOutliers].some((found) => found.length > SHOWN);
  return isCut ? [...lines, "All names: --json."] : lines;
}

/** Names shown of each finding. */
const SHOWN = 3;

function weight({ acrossPartitions, labelConflict }: DuplicateGroup): number {
  return 2 * Number(acrossPartitions) + Number(labelConflict);
}

/** Such as ` (a.png, b.png, ...)`. */
function examples(names: readonly string[]): string {
  if (names.length === 0) return "";
  return ` (${names.slice(0, SHOWN).join(", ")}${names.length > SHOWN ? ", ..." : ""})`;
}
