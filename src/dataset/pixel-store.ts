/** @module The packed pixel store: every image decoded once, kept as uint8, and only what changed decoded again. */
import { statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join, resolve } from "node:path";
import { InputError, messageOf } from "../errors/index";
import { cacheDirectory, makeDirectory, removeAbandoned, sha256 } from "../files/index";
import {
  DEFAULT_RESIZE,
  type DecodeLimits,
  type ImageWarning,
  type ResizePolicy,
  type StainNormalization,
  WARNING_TEXTS,
} from "../image/index";
import { type Progress, silentProgress } from "../progress/index";
import { shellText } from "../shell/index";
import { bitDepthOf, datasetFlags } from "./options";
import { isUnchanged, type PlannedTile, writeStore } from "./packing";
import { bytesPerImage, StoreFile } from "./store-file";
import type { Dataset, PixelStore, UnreadableImage } from "./types";

interface PixelStoreOptions {
  /** Edge length in pixels. */
  readonly size: number;
  /** How images of another size are brought to it. Default `crop`. */
  readonly resize?: ResizePolicy | undefined;
  /** Stain normalization of every image. Each normalization has a store of its own. */
  readonly stain?: StainNormalization | undefined;
  /** Where stores are kept. Default: the project's cache directory. */
  readonly cacheDirectory?: string | undefined;
  /** Go on without images that cannot be decoded, and record them in the store. */
  readonly skipUnreadable?: boolean | undefined;
  readonly limits?: DecodeLimits | undefined;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Images that cannot be used, all of them together. */
export class UnreadableImagesError extends InputError {
  constructor(
    readonly images: readonly UnreadableImage[],
    total: number,
    remedy: string,
  ) {
    const list = images.map(({ reason }) => reason.replace(/\.$/, "")).join("; ");
    super("DATA_IMAGES_UNREADABLE", `${images.length} of ${total} images cannot be used: ${list}. ${remedy}`);
  }
}

/** How the last packing went. */
interface PackSummary {
  /** Images that were read but look wrong, by what is odd about them. */
  readonly warnings: NonNullable<PixelStore["warnings"]>;
  readonly store: PixelStore;
  readonly path: string;
  readonly decoded: number;
  readonly reused: number;
  /** Images of the previous store that the data set no longer has. */
  readonly removed: number;
}

/**
 * Opens the packed pixels of a data set, packing first what is new or changed. Afterwards no image file is read again
 * until it changes (by its size or time, then by its content).
 * @throws {UnreadableImagesError} naming every image that cannot be decoded
 * @throws {InputError} `STORE_NO_SPACE` when the pixels do not fit on the disk
 */
export async function openPixelStore(dataset: Dataset, options: PixelStoreOptions): Promise<PixelStore> {
  return (await packPixels(dataset, options)).store;
}

/** Like {@link openPixelStore}, and says what had to be done. */
export async function packPixels(dataset: Dataset, options: PixelStoreOptions): Promise<PackSummary> {
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
      refuse: (images) => new UnreadableImagesError(images, plan.tiles.length, remedy(dataset, { ...options, resize })),
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

/** What is odd about images that were read all the same, a sentence for each kind. */
export function imageNotes({ warnings = {} }: Pick<PixelStore, "warnings">): string[] {
  return Object.entries(warnings).map(([warning, [first, ...more]]) => {
    const others = more.length > 0 ? ` (and ${more.length} more)` : "";
    return `${first}${others} ${WARNING_TEXTS[warning as ImageWarning]}.`;
  });
}

/** The data set without the tiles that were skipped when its store was packed, with notes on that and on images that look wrong. */
export function withoutSkipped(dataset: Dataset, store: PixelStore): Dataset {
  const skipped = new Set(store.skipped.map((image) => image.name));
  const left = skipped.size > 0 ? [`${skipped.size} unreadable images are left out.`] : [];
  // Images that are larger than a model's input are shrunk on purpose.
  const { shrunk: _, ...warnings } = store.warnings ?? {};
  const notes = [...(dataset.notes ?? []), ...left, ...imageNotes({ warnings })];
  if (notes.length === 0) return dataset;
  return { ...dataset, tiles: dataset.tiles.filter((tile) => !skipped.has(tile.name)), notes };
}

interface Plan {
  readonly tiles: readonly PlannedTile[];
  readonly upToDate: boolean;
}

function planPacking(dataset: Dataset, old: StoreFile | undefined): Plan {
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
    throw new InputError(
      "CACHE_UNUSABLE",
      `The cache folder ${folder} cannot be made (${messageOf(cause)}); set HISTO_CACHE to a folder that can be written.`,
      { cause },
    );
  });
  const needed = count * bytesPerImage(size);
  const { bavail, bsize } = await statfs(folder);
  if (needed <= bavail * bsize) return;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new InputError(
    "STORE_NO_SPACE",
    `--size ${size}: ${count} images take ${gigabytes(needed)} in ${folder}, where ${gigabytes(bavail * bsize)} are free; choose a smaller size or set HISTO_CACHE to another disk.`,
  );
}

/** What the user can do about unreadable images, as a command that can be pasted. */
function remedy(dataset: Dataset, { size, resize, stain }: PixelStoreOptions): string {
  const { fold: _fold, folds: _folds, ...reading } = dataset.options ?? {};
  const flags = ["--data", dataset.directory, ...datasetFlags(reading)];
  const command = [
    "histo",
    "data",
    "pack",
    ...flags,
    "--size",
    `${size}`,
    "--resize",
    `${resize}`,
    "--skip-unreadable",
  ];
  // Normalized pixels have stores of their own, which no command but the one that asks for them makes.
  const goOn = stain ? "give --skip-unreadable" : shellText(command);
  return `Correct or remove them, or continue without them: ${goOn}`;
}

/** Stores of other tables or image folders must not be taken for this one's: names, sizes and times may be the same. */
function storeKey({ directory, table = directory, options }: Dataset): string {
  const images = options?.imageDirectory;
  return sha256(images === undefined ? table : `${table}\0${resolve(directory, images)}`).slice(0, 8);
}

function fileSafe(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]+/g, "_").slice(0, 60) || "data";
}
