/** @module `histo data synth` and `pack`, and the options of commands that read a data set. */
import * as z from "zod";
import { HistoError } from "../errors/index";
import { counted, seconds } from "../format/index";
import { datasetSchema, option, trainingSchema, whole } from "../options/index";
import { defineCommand, reportNotes } from "./command";
import { givenOptions } from "./schema-options";

/** `--data DIR` and how to read the directory, for commands that train. */
export const datasetChoice = trainingSchema.pick({ data: true, dataset: true });
/** The same for other commands, which do not choose a fold. */
export const readingSchema = z.strictObject({
  data: trainingSchema.shape.data,
  ...datasetSchema.omit({ fold: true, folds: true }).shape,
});

const synthSchema = z.strictObject({
  out: option(z.string(), "directory to create", { value: "dir" }),
  images: option(whole(20, 100_000).default(600), "number of tiles", { value: "n" }),
  size: option(whole(16, 2048).default(224), "edge length of a tile in pixels", { value: "px" }),
  seed: option(whole(0).default(0), "the same seed gives the same bytes", { value: "n" }),
});

export const synthCommand = defineCommand({
  schema: synthSchema,
  async run(options, { progress, signal }) {
    const { writeSyntheticDataset } = await import("../dataset/synthetic/index.js");
    return writeSyntheticDataset({ ...options, progress, signal });
  },
  render: ({ out, images, size, classes }) => {
    const counts = Object.entries(classes).map(([name, { train, test }]) => `${name} ${train} train + ${test} test`);
    return `${counted(images, "tile")} of ${size}x${size} in ${out}: ${counts.join(", ")}.`;
  },
});

const packSchema = readingSchema.extend({
  size: option(whole(1, 16384).optional(), "edge length in pixels", { value: "px", usual: "the images' own, or 224" }),
  ...trainingSchema.pick({ resize: true, skipUnreadable: true }).shape,
});

export const packCommand = defineCommand({
  schema: packSchema,
  async run(options, { flags, progress, signal }) {
    const { imageNotes, loadDataset, naturalSize, packPixels, UnreadableImagesError } = await import(
      "../dataset/index.js"
    );
    const started = performance.now();
    const dataset = await loadDataset(options.data, givenOptions(flags, datasetSchema));
    const size = options.size ?? (await naturalSize(dataset));
    const { resize, skipUnreadable } = options;
    const packed = await packPixels(dataset, { size, resize, skipUnreadable, progress, signal }).catch((error) => {
      // This command looks for unreadable images: they are a failure (exit status 1), not a wrong command line.
      if (error instanceof UnreadableImagesError) {
        const { code, message, ifOption } = error;
        throw new HistoError(code, message, { cause: error, ifOption });
      }
      throw error;
    });
    const { store, path, decoded, reused, removed, warnings } = packed;
    reportNotes([...(dataset.notes ?? []), ...imageNotes(store)]);
    const { contentHash, skipped, names } = store;
    store.close();
    const duration = (performance.now() - started) / 1000;
    const counts = { decoded, reused, removed, skipped, warnings };
    return { store: path, images: names.length, size, resize, ...counts, contentHash, seconds: duration };
  },
  render: ({ store, images, size, decoded, reused, removed, skipped, seconds: duration }) =>
    [
      `${counted(images, "image")} of ${size}x${size} pixels in ${store}`,
      `${decoded} decoded, ${reused} unchanged, ${removed} removed, ${skipped.length} skipped, ${seconds(duration)}`,
      ...skipped.map(({ reason }) => `skipped: ${reason}`),
    ].join("\n"),
});
