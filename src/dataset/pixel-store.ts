/** @module The packed pixel store: every image decoded once, kept as uint8, and only what changed decoded again. */
import { statSync } from "node:fs";
import { mkdir, readFile, statfs } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { HistoError, hasErrorCode, InputError, Interrupted, messageOf } from "../errors/index";
import { AtomicFile, cacheDirectory, removeAbandoned, sha256 } from "../files/index";
import {
  DEFAULT_RESIZE,
  type DecodeLimits,
  prepareImage,
  type ResizePolicy,
  type StainNormalization,
} from "../image/index";
import { type Progress, silentProgress } from "../progress/index";
import {
  bytesPerImage,
  type FileStamp,
  STORE_VERSION,
  type StoredImage,
  StoreFile,
  writeStoreIndex,
} from "./store-file";
import type { Dataset, PixelStore, Tile, UnreadableImage } from "./types";

export interface PixelStoreOptions {
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
export interface PackSummary {
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
  const stain = options.stain ? `-${options.stain.method}-${sha256(JSON.stringify(options.stain)).slice(0, 8)}` : "";
  const path = join(folder, `${fileSafe(dataset.name)}-${storeKey(dataset)}-${size}-${resize}${stain}.pixels`);
  const old = StoreFile.open(path);
  const plan = planPacking(dataset, old);
  if (old && plan.upToDate) {
    return { store: old, path, decoded: 0, reused: old.names.length, removed: 0 };
  }
  try {
    await removeAbandoned(path);
    await mustFit(folder, dataset.tiles.length, size);
    return { ...(await pack(dataset, plan, old, path, { ...options, resize })), path };
  } finally {
    old?.close();
  }
}

/** The data set without the tiles that were skipped when its store was packed. */
export function withoutSkipped(dataset: Dataset, store: PixelStore): Dataset {
  if (store.skipped.length === 0) return dataset;
  const skipped = new Set(store.skipped.map((image) => image.name));
  const notes = [...(dataset.notes ?? []), `${skipped.size} unreadable images are left out.`];
  return { ...dataset, tiles: dataset.tiles.filter((tile) => !skipped.has(tile.name)), notes };
}

interface PlannedTile {
  readonly tile: Tile;
  readonly bytes: number;
  readonly modified: number;
  /** What the old store knows of a file of this name: the same one when size and time agree. */
  readonly known?: { readonly position: number; readonly stamp: FileStamp; readonly reason?: string } | undefined;
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

function isUnchanged({ known, bytes, modified }: PlannedTile): boolean {
  return known !== undefined && known.stamp.bytes === bytes && known.stamp.modified === modified;
}

/** One tile as it goes into the new store: its pixels and what is known of it, or why there are none. */
type Packed =
  | { readonly image: StoredImage; readonly pixels: Uint8Array; readonly decoded: boolean }
  | { readonly failure: FileStamp & UnreadableImage; readonly accepted: boolean };

async function pack(
  dataset: Dataset,
  plan: Plan,
  old: StoreFile | undefined,
  path: string,
  options: PixelStoreOptions & { readonly resize: ResizePolicy },
): Promise<Omit<PackSummary, "path">> {
  const { size, resize, signal, progress = silentProgress, skipUnreadable = false } = options;
  const file = await AtomicFile.create(path);
  const task = progress.start(`Packing ${dataset.name}`, plan.tiles.length, "images");
  const images: StoredImage[] = [];
  const skipped: (FileStamp & UnreadableImage)[] = [];
  const refused: UnreadableImage[] = [];
  let decoded = 0;
  // One image is written while the next ones are decoded.
  let writing: Promise<unknown> = Promise.resolve();
  try {
    for await (const packed of inOrder(plan.tiles, (planned) => packOne(planned, old, options))) {
      if (signal?.aborted) throw signal.reason instanceof HistoError ? signal.reason : new Interrupted();
      if ("failure" in packed) {
        if (packed.accepted || skipUnreadable) skipped.push(packed.failure);
        else refused.push(packed.failure);
      } else {
        await writing;
        writing = file.handle.write(packed.pixels, 0, packed.pixels.length, images.length * bytesPerImage(size));
        writing.catch(() => undefined);
        images.push(packed.image);
        if (packed.decoded) decoded++;
      }
      task.update(images.length + skipped.length + refused.length);
    }
    if (refused.length > 0) {
      const remedy = `Mend or remove them, or go on without them: histo data pack --data ${dataset.directory} --size ${size} --skip-unreadable`;
      throw new UnreadableImagesError(refused, plan.tiles.length, remedy);
    }
    await writing;
    await writeStoreIndex(file.handle, { version: STORE_VERSION, size, resize, images, skipped });
    await file.commit();
  } catch (error) {
    await writing.catch(() => undefined);
    await file.abort();
    if (!hasErrorCode(error, "ENOSPC")) throw error;
    const remedy = "free some space or set HISTO_CACHE to another disk";
    throw new HistoError("STORE_NO_SPACE", `The disk is full: ${path} could not be written; ${remedy}.`, {
      cause: error,
    });
  }
  task.finish(`${decoded} images decoded, ${images.length - decoded} unchanged`);
  const store = StoreFile.open(path);
  if (!store) throw new Error(`The store ${path} was written but cannot be read back.`);
  const names = new Set(plan.tiles.map((planned) => planned.tile.name));
  const removed = old ? old.names.filter((name) => !names.has(name)).length : 0;
  return { store, decoded, reused: images.length - decoded, removed };
}

async function packOne(
  planned: PlannedTile,
  old: StoreFile | undefined,
  options: PixelStoreOptions & { readonly resize: ResizePolicy },
): Promise<Packed> {
  const { tile, bytes, modified, known } = planned;
  const reuse = (stamp: FileStamp): Packed | undefined => {
    if (!known || !old) return undefined;
    if (known.reason !== undefined)
      return { failure: { ...stamp, name: tile.name, reason: known.reason }, accepted: true };
    const pixels = new Uint8Array(old.bytesPerImage);
    old.read([known.position], pixels);
    return { image: { ...(known.stamp as StoredImage), ...stamp }, pixels, decoded: false };
  };
  let stamp: FileStamp = { bytes, modified, sha256: "" };
  try {
    if (known && isUnchanged(planned)) return reuse(known.stamp) as Packed;
    const content = bytes < 0 ? undefined : await readFile(tile.path);
    if (!content) throw new InputError("IMAGE_MISSING", `${tile.path} does not exist.`);
    stamp = { ...stamp, sha256: sha256(content) };
    if (known?.stamp.sha256 === stamp.sha256) {
      const reused = reuse(stamp);
      if (reused) return reused;
    }
    const { limits } = options;
    const { pixels, original } = await prepareImage(content, options, limits, tile.path);
    return { image: { name: tile.name, ...stamp, pixels: sha256(pixels), original }, pixels, decoded: true };
  } catch (error) {
    return { failure: { ...stamp, name: tile.name, reason: messageOf(error) }, accepted: false };
  }
}

/** Runs `work` on several items at a time and yields the results in the items' order. */
async function* inOrder<T, R>(items: readonly T[], work: (item: T) => Promise<R>): AsyncGenerator<R> {
  const ahead = 8 * availableParallelism();
  const running: Promise<R>[] = [];
  for (const item of items) {
    running.push(work(item));
    if (running.length >= ahead) yield await (running.shift() as Promise<R>);
  }
  yield* running;
}

async function mustFit(folder: string, count: number, size: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const needed = count * bytesPerImage(size);
  const { bavail, bsize } = await statfs(folder);
  if (needed <= bavail * bsize) return;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new InputError(
    "STORE_NO_SPACE",
    `--size ${size}: ${count} images take ${gigabytes(needed)} in ${folder}, where ${gigabytes(bavail * bsize)} are free; choose a smaller size or set HISTO_CACHE to another disk.`,
  );
}

function storeKey(dataset: Dataset): string {
  return sha256(dataset.table ?? dataset.directory).slice(0, 8);
}

function fileSafe(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]+/g, "_").slice(0, 60) || "data";
}
