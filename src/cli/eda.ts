/** @module `histo eda`: describes a data set and checks it for problems. */
import * as z from "zod";
import { spreadOver } from "../collections/index";
import type { Dataset, DuplicateGroup, LabelSummary, PixelChecks } from "../dataset/index";
import { HistoError, InputError } from "../errors/index";
import { readJson } from "../files/index";
import { counted } from "../format/index";
import type { Preprocessing } from "../image/index";
import { type DatasetOptions, datasetSchema, option } from "../options/index";
import type { Measured, Shifts } from "../shift/index";
import { defineCommand, reportNotes } from "./command";
import { readingSchema } from "./data";
import { givenOptions } from "./schema-options";

const schema = z.object({
  format: z.literal("histo-met/1"),
  preprocessing: z.object({ size: z.number().int().positive() }).loose(),
  features: z.array(z.array(z.number()).min(1)),
});

/** The images that a model has seen in service, and its preprocessing. @throws {InputError} `MET_FILE_INVALID`, `MET_NONE` */
async function readMetFile(path: string) {
  const parsed = schema.safeParse(await readJson(path));
  if (!parsed.success) {
    const message = `${path} is not a response of a server's GET /models/{model}/met; save that response unchanged.`;
    throw new InputError("MET_FILE_INVALID", message);
  }
  const { preprocessing, features } = parsed.data;
  if (features.length === 0) {
    const message = `${path} has no image: the model has seen none yet, or was exported without statistics of its training tiles.`;
    throw new InputError("MET_NONE", message);
  }
  const { size, resize, stain } = preprocessing as unknown as Preprocessing;
  const { lookOf } = await import("../familiar/index.js");
  const { length } = lookOf(new Uint8Array(size * size * 3), size).features;
  if (features.some((row) => row.length !== length)) {
    const message = `${path} has other features than this version computes (${length} per image): serve and compare with the same version.`;
    throw new InputError("MET_FILE_INVALID", message);
  }
  return {
    preprocessing: { size, resize, ...(stain && { stain }) },
    looks: features.map((row) => ({ features: Float32Array.from(row) })),
  };
}

const edaSchema = readingSchema.extend({
  images: option(z.boolean().default(true), "read the label table only", { flag: "no-images" }),
  against: option(
    z.string().optional(),
    "other images to compare with the training images: a folder, or the response of a server's GET /models/{model}/met",
    { value: "path" },
  ),
});

type Colour = readonly [number, number, number];

interface Result extends LabelSummary, Partial<PixelChecks> {
  readonly layout: string;
  readonly positive: string;
  /** Channel mean and standard deviation of the training pixels, on a scale from 0 to 1. */
  readonly mean?: Colour;
  readonly std?: Colour;
  readonly skipped?: readonly { readonly name: string; readonly reason: string }[];
  /** How partitions, and the images of `--against`, differ from the training images. */
  readonly shift?: Shifts;
  readonly notes: readonly string[];
}

export const command = defineCommand({
  schema: edaSchema,
  async run(options, { flags, progress, signal }): Promise<Result> {
    const { bitDepthOf, checkPixels, channelStatistics, naturalSize, openPixelStore, summarizeLabels, withoutSkipped } =
      await import("../dataset/index.js");
    const { against } = options;
    if (against !== undefined && !options.images) {
      throw new InputError("OPTION_UNUSED", "--against compares images, which --no-images leaves out.");
    }
    const { dataset, images } = await loadTable(options.data, givenOptions(flags, datasetSchema), options.images);
    const labelsOf = (of: Dataset) => ({
      ...summarizeLabels(of),
      layout: of.layout,
      positive: of.classes[1],
      notes: of.notes ?? [],
    });
    if (!images) return labelsOf(dataset);
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
      const { measureShifts } = await import("../shift/index.js");
      const further =
        met?.looks ?? (against === undefined ? [] : await looksIn(against, store.size, bitDepthOf(dataset)));
      const shift = measureShifts(readable.tiles, store, further);
      return { ...labelsOf(readable), mean, std, ...checkPixels(readable, store), shift, skipped };
    } finally {
      store.close();
    }
  },
  render: (result) =>
    [
      ...labelLines(result),
      ...pixelLines(result),
      ...Object.values(result.shift ?? {}).map(({ says }) => says),
      ...result.notes,
    ].join("\n"),
});

/** Largest number of images to compare with. */
const MOST_COMPARED = 500;

/** Features of the images in a folder, read and resized like those of the data set. */
async function looksIn(folder: string, size: number, bitDepth: number | undefined): Promise<Measured[]> {
  const [{ lookOf }, { namedImages }, { prepareImage }] = await Promise.all([
    import("../familiar/index.js"),
    import("../inference/index.js"),
    import("../image/index.js"),
  ]);
  const looks: Measured[] = [];
  const { images, unread } = await namedImages([folder], "--against");
  const problems = unread.map(({ message }) => message);
  for (const { path } of spreadOver(images, MOST_COMPARED)) {
    try {
      looks.push(lookOf((await prepareImage(path, { size, resize: "crop", bitDepth })).pixels, size));
    } catch (error) {
      if (!(error instanceof HistoError)) throw error;
      problems.push(error.message);
    }
  }
  // Left out, as unreadable images of the data set are.
  reportNotes(problems);
  if (looks.length === 0) throw new InputError("IMAGES_NONE", `--against: no image of ${folder} can be read.`);
  return looks;
}

/** The data set, and whether to read its images: not with `--no-images`, nor if none of them exists. */
async function loadTable(
  data: string,
  options: DatasetOptions,
  images: boolean,
): Promise<{ readonly dataset: Dataset; readonly images: boolean }> {
  const { ImagesMissingError, loadDataset } = await import("../dataset/index.js");
  const load = (requireImages: boolean) => loadDataset(data, { ...options, requireImages });
  if (!images) return { dataset: await load(false), images: false };
  try {
    return { dataset: await load(true), images: true };
  } catch (error) {
    if (!(error instanceof ImagesMissingError && error.all)) throw error;
    const dataset = await load(false);
    const note = `None of the ${counted(dataset.tiles.length, "image")} exists: only the label table was read. If they are elsewhere in the data set, name their folder with --image-folder.`;
    return { dataset: { ...dataset, notes: [...(dataset.notes ?? []), note] }, images: false };
  }
}

function labelLines({ classNames, classes, partitions, votes, groups, positive, layout }: Result): string[] {
  const names = ["train", "validation", "test"] as const;
  const line = (name: string, counts: LabelSummary["partitions"]) =>
    names
      .map((partition) => (counts[partition] === undefined ? "" : `${partition} ${counts[partition]}`))
      .filter(Boolean)
      .join(", ")
      .replace(/^/, `${name.padEnd(18)} `);
  const lines = [
    line(`images (${layout})`, partitions),
    ...classNames.map((name) =>
      line(name === positive ? `${name} (positive)` : name, classes[name] as LabelSummary["partitions"]),
    ),
  ];
  if (groups) {
    const across = groups.acrossPartitions;
    lines.push(`${"groups".padEnd(18)} ${groups.count}; ${across.length} in several partitions${examples(across)}`);
  }
  if (!votes) return lines;
  const agreement = Object.entries(votes.agreement).map(([key, count]) => `${key}: ${count}`);
  return [
    ...lines,
    `${"votes".padEnd(18)} ${counted(votes.tiles, "tile")} by ${counted(votes.voters, "expert")}; agreement ${agreement.join(", ")}`,
    `${"against majority".padEnd(18)} ${votes.againstMajority.length}${examples(votes.againstMajority)}`,
  ];
}

function pixelLines({ mean, std, sizes, duplicates, blank = [], oddSizes = [], brightnessOutliers = [] }: Result) {
  if (!mean || !std || !sizes || !duplicates) return [];
  const colour = (values: Colour) => values.map((value) => value.toFixed(4)).join(", ");
  const { exact, near, acrossPartitions, labelConflicts } = duplicates;
  // The most important first: leaks, then label conflicts.
  const sorted = (groups: readonly DuplicateGroup[]) =>
    [...groups]
      .sort((a, b) => weight(b) - weight(a))
      .map((group) => `${group.names.slice(0, SHOWN).join(" = ")}${group.names.length > SHOWN ? " = ..." : ""}`);
  const counts = Object.entries(sizes).map(([size, count]) => `${size}: ${count}`);
  const more = counts.length > MOST_SIZES ? `, and ${counted(counts.length - MOST_SIZES, "further size")}` : "";
  const entries: [string, string][] = [
    ["train mean (rgb)", colour(mean)],
    ["train std (rgb)", colour(std)],
    ["sizes", counts.slice(0, MOST_SIZES).join(", ") + more + examples(oddSizes)],
    ["exact duplicates", `${counted(exact.length, "group")}${examples(sorted(exact))}`],
    ["near duplicates", `${counted(near.length, "pair")}${examples(sorted(near))}`],
    ["  of all these", `${acrossPartitions} across partitions, ${labelConflicts} with both labels`],
    ["blank tiles", `${blank.length}${examples(blank)}`],
    ["bright or dark", `${counted(brightnessOutliers.length, "outlier")}${examples(brightnessOutliers)}`],
  ];
  const lines = entries.map(([name, value]) => `${name.padEnd(18)} ${value}`);
  const isCut = [exact, near, blank, oddSizes, brightnessOutliers].some((found) => found.length > SHOWN);
  return isCut ? [...lines, "All names: --json."] : lines;
}

/** Number of names shown for each finding. */
const SHOWN = 3;
/** Number of sizes shown, the most frequent: tiles cut by hand may all differ. */
const MOST_SIZES = 5;

function weight({ acrossPartitions, labelConflict }: DuplicateGroup): number {
  return 2 * Number(acrossPartitions) + Number(labelConflict);
}

/** Such as ` (a.png, b.png, ...)`. */
function examples(names: readonly string[]): string {
  if (names.length === 0) return "";
  return ` (${names.slice(0, SHOWN).join(", ")}${names.length > SHOWN ? ", ..." : ""})`;
}
