/** @module The tiles of a run: loaded, split, packed, measured. */
import { packagedNamed } from "../backbones/index";
import {
  type AcrossPartitions,
  bitDepthOf,
  channelStatistics,
  countAcrossPartitions,
  type Dataset,
  duplicateNotes,
  exactDuplicates,
  fitStainReference,
  loadDataset,
  openPixelStore,
  type Partition,
  type PixelStore,
  type Reading,
  splitValidation,
  tileEdge,
  withoutSkipped,
} from "../dataset/index";
import { InputError } from "../errors/index";
import { type RowGroups, rowGroups } from "../evaluation/index";
import type { Preprocessing, StainNormalization } from "../image/index";
import type { TrainingOptions } from "../options/index";
import type { Progress } from "../progress/index";

/** The data of a run. */
export interface TrainingData {
  readonly dataset: Dataset;
  readonly store: PixelStore;
  readonly preprocessing: Preprocessing;
  /** Positions in the store, by partition. */
  readonly positions: Readonly<Record<Partition, Uint32Array>>;
  /** 0 or 1, in the order of the positions. */
  readonly labels: Readonly<Record<Partition, Uint8Array>>;
  /** Groups of the training tiles, if the data set has groups. */
  readonly groups: RowGroups | undefined;
  /** What leaks from one partition to another. */
  readonly acrossPartitions: AcrossPartitions | undefined;
  close(): void;
}

/** A value for each partition. */
export function byPartition<T>(make: (partition: Partition) => T): Record<Partition, T> {
  return { train: make("train"), validation: make("validation"), test: make("test") };
}

/** The same for values that take time, one after the other. */
export async function eachPartition<T>(make: (partition: Partition) => Promise<T>): Promise<Record<Partition, T>> {
  return { train: await make("train"), validation: await make("validation"), test: await make("test") };
}

/** Opens the data set of the options. @throws {InputError} if it cannot be used */
export async function openTrainingData(
  options: TrainingOptions,
  { progress, signal, reading }: { progress: Progress; signal?: AbortSignal; reading?: Reading },
): Promise<TrainingData> {
  const { size, resize, skipUnreadable } = options;
  const whole = await loadDataset(options.data, options.dataset, reading);
  // The split depends on which images can be read, and only packing, which needs the stains, tells.
  for (let readable = whole; ; ) {
    const stain = await stainOf(readable, options, progress);
    const store = await openPixelStore(whole, { size, resize, stain, skipUnreadable, progress, signal });
    const left = withoutSkipped(whole, store);
    try {
      if (!stain || left.tiles.length === readable.tiles.length)
        return measured(options, left, store, { stain, progress });
    } catch (error) {
      store.close();
      throw error;
    }
    store.close();
    readable = left;
  }
}

/** The split data with its statistics, which takes over the store. */
function measured(
  options: TrainingOptions,
  readable: Dataset,
  store: PixelStore,
  { stain, progress }: { stain: StainNormalization | undefined; progress: Progress },
): TrainingData {
  const { size, resize } = options;
  const split = splitOf(readable, options);
  const duplicates = exactDuplicates(split, store);
  const dataset = { ...split, notes: [...(split.notes ?? []), ...duplicateNotes(duplicates)] };
  for (const note of dataset.notes) progress.say(note);
  const tiles = byPartition((partition) => dataset.tiles.filter((tile) => tile.partition === partition));
  const positions = byPartition((partition) =>
    Uint32Array.from(tiles[partition], (tile) => store.positionOf(tile.name)),
  );
  const own = channelStatistics(store, positions.train);
  if (own.isOneColour) {
    const message = `The training images of ${dataset.directory} are all of one and the same colour, from which nothing can be learned; check the images.`;
    throw new InputError("DATA_ONE_COLOUR", message);
  }
  const { mean, std } = packagedNamed(options.model) ?? own;
  const bitDepth = bitDepthOf(dataset);
  const edge = tileEdge(store, positions.train, resize);
  return {
    dataset,
    store,
    acrossPartitions: countAcrossPartitions(dataset, duplicates),
    preprocessing: {
      ...{ size, resize, mean, std },
      ...(edge !== size && { tileEdge: edge }),
      ...(bitDepth && { bitDepth }),
      ...(stain && { stain }),
    },
    positions,
    labels: byPartition((partition) => Uint8Array.from(tiles[partition], (tile) => tile.label)),
    groups: rowGroups(tiles.train.map(({ group }) => group)),
    close: () => store.close(),
  };
}

function splitOf(dataset: Dataset, { validationFraction: fraction, splitSeed: seed }: TrainingOptions): Dataset {
  return splitValidation(dataset, { fraction, seed });
}

/** By default, the reference is a training tile of the split. */
async function stainOf(
  dataset: Dataset,
  options: TrainingOptions,
  progress: Progress,
): Promise<StainNormalization | undefined> {
  const { stain, stainReference, stainTissueOnly: tissueOnly, size, resize } = options;
  if (stain === "none") return undefined;
  const reference = stainReference || undefined;
  const split = splitOf(dataset, options);
  const fitted = await fitStainReference(split, stain, { size, resize, reference, tissueOnly });
  progress.say(`Stains are normalized to those of ${fitted.reference} (${stain}).`);
  return fitted.stain;
}
