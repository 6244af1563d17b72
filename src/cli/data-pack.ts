/** @module `histo data pack`: decodes every image once into the packed pixel store. */
import { HistoError } from "../errors/index";
import { counted } from "../format/index";
import type { ImageWarning, ResizePolicy } from "../image/index";
import { option, trainingSchema, whole } from "../options/index";
import type { CommandDefinition } from "./command";
import { datasetOptions, readingSchema } from "./data-options";

const packSchema = readingSchema.extend({
  size: option(whole(1, 16384).optional(), "edge length in pixels", { value: "px", usual: "the images' own, or 224" }),
  ...trainingSchema.pick({ resize: true, skipUnreadable: true }).shape,
});

interface Result {
  readonly store: string;
  readonly images: number;
  readonly size: number;
  readonly resize: ResizePolicy;
  readonly decoded: number;
  readonly reused: number;
  readonly removed: number;
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
  readonly warnings: Readonly<Partial<Record<ImageWarning, readonly string[]>>>;
  readonly contentHash: string;
  readonly seconds: number;
}

export const command: CommandDefinition<typeof packSchema, Result> = {
  schema: packSchema,
  async run(options, { flags, progress, signal }) {
    const { imageNotes, loadDataset, naturalSize, packPixels, UnreadableImagesError } = await import(
      "../dataset/index.js"
    );
    const started = performance.now();
    const dataset = await loadDataset(options.data, datasetOptions(flags));
    const size = options.size ?? (await naturalSize(dataset));
    const { resize, skipUnreadable } = options;
    const packed = await packPixels(dataset, { size, resize, skipUnreadable, progress, signal }).catch((error) => {
      // This command looks for unreadable images: they are a failure (exit status 1), not a wrong command line.
      if (error instanceof UnreadableImagesError) throw new HistoError(error.code, error.message, { cause: error });
      throw error;
    });
    const { store, path, decoded, reused, removed, warnings } = packed;
    for (const note of [...(dataset.notes ?? []), ...imageNotes(store)]) process.stderr.write(`histo: ${note}\n`);
    const { contentHash, skipped, names } = store;
    store.close();
    const seconds = (performance.now() - started) / 1000;
    const counts = { decoded, reused, removed, skipped, warnings };
    return { store: path, images: names.length, size, resize, ...counts, contentHash, seconds };
  },
  render: ({ store, images, size, decoded, reused, removed, skipped, seconds }) =>
    [
      `${counted(images, "image")} of ${size}x${size} pixels in ${store}`,
      `${decoded} decoded, ${reused} unchanged, ${removed} removed, ${skipped.length} skipped, ${seconds.toFixed(1)} s`,
      ...skipped.map(({ reason }) => `skipped: ${reason}`),
    ].join("\n"),
};
