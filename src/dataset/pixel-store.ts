/** @module The packed pixel store: decodes every image once to uint8, and again only if it changes. */
import { statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join, resolve } from "node:path";
import { countValues, spreadOver } from "../collections/index";
import { InputError, messageOf } from "../errors/index";
import { cacheDirectory, makeDirectory, removeAbandoned, sha256 } from "../files/index";
import { counted, flagsOf, gigabytes, shellText } from "../format/index";
import {
  DEFAULT_RESIZE,
  type DecodeLimits,
  type ImageWarning,
  imageSize,
  type ResizePolicy,
  type StainNormalization,
  WARNING_TEXTS,
} from "../image/index";
import { type Progress, silentProgress } from "../progress/index";
import { isUnchanged, type PlannedTile, writeStore } from "./packing";
import { bytesPerImage, StoreFile } from "./store/index";
import { bitDepthOf, type Dataset, datasetFlags, type PixelStore, type UnreadableImage } from "./types";

interface PixelStoreOptions {
  /** Edge length in pixels. */
  readonly size: number;
  /** How images are resized. Default: `crop`. */
  readonly resize?: ResizePolicy | undefined;
  /** Stain normalization of every image. Each normalization has its own store. */
  readonly stain?: StainNormalization | undefined;
  /** Folder of the stores. Default: the project's cache directory. */
  readonly cacheDirectory?: string | undefined;
  /** Continue without images that cannot be decoded, and record them in the store. */
  readonly skipUnreadable?: boolean | undefined;
  readonly limits?: DecodeLimits | undefined;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

const SKIP = "--skip-unreadable";

export class UnreadableImagesError extends InputError {
  constructor(
    readonly images: readonly UnreadableImage[],
    total: number,
    command: string,
  ) {
    const list = images.map(({ reason }) => reason.replace(/\.$/, "")).join("; ");
    const message = `${images.length} of ${counted(total, "image")} cannot be used: ${list}. Correct or remove them, or continue without them: `;
    super("DATA_IMAGES_UNREADABLE", message + command, {
      ifOption: { option: SKIP, message: `${message}give ${SKIP}.` },
    });
  }
}

/**
 * Opens the packed pixels of a data set after packing new and changed images. An image file is read again only if its size or
 * time changes, and decoded again only if its content changes.
 * @throws {UnreadableImagesError} naming every image that cannot be decoded
 * @throws {InputError} `STORE_NO_SPACE` if the pixels do not fit on the disk
 */
export async function openPixelStore(dataset: Dataset, options: PixelStoreOptions): Promise<PixelStore> {
  return (await packPixels(dataset, options)).store;
}

/** Like {@link openPixelStore}. @returns also what was done; `removed`: images of the previous store that are no longer in the set */
export async function packPixels(dataset: Dataset, options: PixelStoreOptions) {
  const { size, resize = DEFAULT_RESIZE } = options;
  if (!Number.isInteger(size) || size < 1) throw new RangeError("The size must be a whole number of pixels.");
  const folder = join(options.cacheDirectory ?? cacheDirectory(), "pixels");
  const bitDepth = bitDepthOf(dataset);
  const bits = bitDepth === undefined ? "" : `-${bitDepth}bit`;
  const stain = options.stain ? `-${options.stain.method}-${sha256(JSON.stringify(options.stain)).slice(0, 8)}` : "";
  const path = join(folder, `${fileSafe(dataset.name)}-${storeKey(dataset)}-${size}-${resize}${bits}${stain}.pixels`);
  const old = StoreFile.open(path);
  const plan = planPacking(dataset, old);
  if (old && plan.upToDate) {
    return { store: old, path, decoded: 0, reused: old.names.length, removed: 0, warnings: old.warnings };
  }
  try {
    await removeAbandoned(path);
    await mustFit(folder, dataset.tiles.length, size);
    const { skipUnreadable = false, progress = silentProgress, limits, signal } = options;
    const written = await writeStore(path, {
      ...{ tiles: plan.tiles, old, name: dataset.name, skipUnreadable, progress, signal },
      preparation: { size, resize, stain: options.stain, bitDepth, limits },
      refuse: (images) =>
        new UnreadableImagesError(images, plan.tiles.length, skippingCommand(dataset, { ...options, resize })),
    });
    const store = StoreFile.open(path);
    if (!store) throw new Error(`The store ${path} was written but cannot be read back.`);
    const names = new Set(plan.tiles.map((planned) => planned.tile.name));
    const removed = old ? old.names.filter((name) => !names.has(name)).length : 0;
    return { ...written, store, path, removed, warnings: store.warnings };
  } finally {
    old?.close();
  }
}

/** Of images to train on: there are no others to compare them with. */
const NOTE_TEXTS: Readonly<Record<ImageWarning, string>> = {
  ...WARNING_TEXTS,
  shrunk: "is shrunk to less than half of its size, which loses detail; a larger --size keeps more",
};

/** Notes about images that were read but look wrong, one for each kind of problem. */
export function imageNotes({ warnings = {} }: Pick<PixelStore, "warnings">): string[] {
  return Object.entries(warnings).map(([warning, [first, ...more]]) => {
    const others = more.length > 0 ? ` (and ${more.length} more)` : "";
    return `${first}${others} ${NOTE_TEXTS[warning as ImageWarning]}.`;
  });
}

/** The data set without the tiles that were skipped when packing; with notes about these and about images that look wrong. */
export function withoutSkipped(dataset: Dataset, store: PixelStore): Dataset {
  const skipped = new Set(store.skipped.map((image) => image.name));
  const left = skipped.size > 0 ? [`Left out: ${counted(skipped.size, "unreadable image")}.`] : [];
  // Shrinking images that are larger than the model's input is intended.
  const { shrunk: _, ...warnings } = store.warnings ?? {};
  const notes = [...(dataset.notes ?? []), ...left, ...imageNotes({ warnings })];
  if (notes.length === 0) return dataset;
  return { ...dataset, tiles: dataset.tiles.filter((tile) => !skipped.has(tile.name)), notes };
}

function planPacking(dataset: Dataset, old: StoreFile | undefined): { tiles: PlannedTile[]; upToDate: boolean } {
  const known = new Map<string, NonNullable<PlannedTile["known"]>>();
  for (const [position, stamp] of (old?.index.images ?? []).entries()) known.set(stamp.name, { position, stamp });
  for (const stamp of old?.index.skipped ?? []) known.set(stamp.name, { position: -1, stamp, reason: stamp.reason });
  const tiles = dataset.tiles.map((tile): PlannedTile => {
    const info = statSync(tile.path, { throwIfNoEntry: false });
    return { tile, bytes: info?.size ?? -1, modified: info?.mtimeMs ?? 0, known: known.get(tile.name) };
  });
  const kept = tiles.filter((planned) => planned.known?.position !== -1);
  const upToDate =
    known.size === tiles.length &&
    tiles.every(isUnchanged) &&
    kept.every((planned, position) => planned.known?.position === position);
  return { tiles, upToDate };
}

async function mustFit(folder: string, count: number, size: number): Promise<void> {
  await makeDirectory(folder).catch((cause: unknown) => {
    const message = `The cache folder ${folder} cannot be made (${messageOf(cause)}); set HISTO_CACHE to a folder that can be written.`;
    throw new InputError("CACHE_UNUSABLE", message, { cause });
  });
  const needed = count * bytesPerImage(size);
  const { bavail, bsize } = await statfs(folder);
  if (needed <= bavail * bsize) return;
  const message = `--size ${size}: ${count} images take ${gigabytes(needed)} in ${folder}, where ${gigabytes(bavail * bsize)} are free; choose a smaller size or set HISTO_CACHE to another disk.`;
  throw new InputError("STORE_NO_SPACE", message);
}

/** A command to copy that packs the data set without its unreadable images. */
function skippingCommand(dataset: Dataset, { size, resize, stain }: PixelStoreOptions): string {
  const { fold: _fold, folds: _folds, ...reading } = dataset.options ?? {};
  const flags = ["--data", dataset.directory, ...datasetFlags(reading)];
  // histo data pack cannot write the stores of normalized pixels.
  return stain ? `give ${SKIP}` : shellText(["histo", "data", "pack", ...flags, ...flagsOf({ size, resize }), SKIP]);
}

/** Distinguishes stores of different tables and image folders, whose names, sizes and times may be equal. */
function storeKey({ directory, table = directory, options }: Dataset): string {
  const images = options?.imageDirectory;
  return sha256(images === undefined ? table : `${table}\0${resolve(directory, images)}`).slice(0, 8);
}

function fileSafe(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]+/g, "_").slice(0, 60) || "data";
}

/** Size of the reference task's tiles. */
const DEFAULT_SIZE = 224;
const LARGEST_NATURAL_SIZE = 512;
const SAMPLE = 64;

/**
 * The tiles' edge length if most of them are square and of the same size, up to 512 pixels; otherwise {@link DEFAULT_SIZE}. Reads up
 * to 64 tiles, evenly spread over the set.
 */
export async function naturalSize(dataset: Dataset): Promise<number> {
  const sizes = await Promise.all(spreadOver(dataset.tiles, SAMPLE).map((tile) => imageSize(tile.path)));
  const [common] = countValues(sizes.flatMap((size) => (size && size[0] === size[1] ? [size[0]] : [])));
  const known = sizes.filter((size) => size !== undefined).length;
  return common && common[1] > known / 2 && common[0] <= LARGEST_NATURAL_SIZE ? common[0] : DEFAULT_SIZE;
}
