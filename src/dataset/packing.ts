/** @module Writes a store in the data set's order: copies known pixels and decodes the others. */
import { accessSync, constants } from "node:fs";
import { HistoError, hasErrorCode, Interrupted } from "../errors/index";
import { AtomicFile, writeFully } from "../files/index";
import { counted } from "../format/index";
import type { Progress } from "../progress/index";
import { type DecodedTile, decodeTiles, TileDecoder, type TilePreparation } from "./decode-threads";
import {
  bytesPerImage,
  type FileStamp,
  STORE_VERSION,
  type StoredImage,
  type StoreFile,
  writeStoreIndex,
} from "./store/index";
import type { Tile, UnreadableImage } from "./types";

/** A tile, the current state of its file, and the old store's entry for the same name. */
export interface PlannedTile {
  readonly tile: Tile;
  readonly bytes: number;
  readonly modified: number;
  /** The same file if size and time are equal. With a reason if it could not be decoded. */
  readonly known?: { readonly position: number; readonly stamp: FileStamp; readonly reason?: string } | undefined;
}

/** True if the file need not be read. */
export function isUnchanged({ tile, known, bytes, modified }: PlannedTile): boolean {
  if (known?.stamp.bytes !== bytes || known.stamp.modified !== modified) return false;
  // A file that could not be read may be readable now: permissions change neither size nor time.
  return known.stamp.sha256 !== "" || !isReadable(tile.path);
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

interface Packing {
  readonly tiles: readonly PlannedTile[];
  readonly old: StoreFile | undefined;
  readonly preparation: TilePreparation & { readonly resize: string };
  readonly name: string;
  readonly skipUnreadable: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal | undefined;
  /** Creates the error for unreadable images that must not be skipped. */
  refuse(images: readonly UnreadableImage[]): Error;
}

/** Number of tiles that a thread decodes at a time; fewer if they need more than {@link SLAB_BYTES}. */
const TILES_AT_ONCE = 8;
const SLAB_BYTES = 2 ** 23;
/** Number of written bytes after which to flush. */
const FLUSH_BYTES = 2 ** 24;

/** Writes the store at `path` atomically. */
export async function writeStore(path: string, packing: Packing): Promise<{ decoded: number; reused: number }> {
  const { tiles, preparation, signal, progress } = packing;
  const { size, resize } = preparation;
  const each = bytesPerImage(size);
  const atOnce = Math.max(1, Math.min(TILES_AT_ONCE, Math.floor(SLAB_BYTES / each)));
  const groups = Array.from({ length: Math.ceil(tiles.length / atOnce) }, (_, i) =>
    tiles.slice(i * atOnce, (i + 1) * atOnce),
  );
  const file = await AtomicFile.create(path);
  const decoder = TileDecoder.start(preparation, tiles.filter((planned) => !isUnchanged(planned)).length);
  const task = progress.start(`Packing ${packing.name}`, tiles.length, "images");
  const content = new StoreContent(packing);
  const unused: ArrayBuffer[] = [];
  // Writes and flushes one group while the next ones are decoded.
  let writing: Promise<unknown> = Promise.resolve();
  let flushing: Promise<unknown> | undefined;
  let flushed = 0;
  try {
    const work = (group: readonly PlannedTile[]) =>
      decodeGroup(group, decoder, unused.pop() ?? new ArrayBuffer(atOnce * each));
    for await (const group of inOrder(groups, decoder.ahead, work)) {
      if (signal?.aborted) throw signal.reason instanceof HistoError ? signal.reason : new Interrupted();
      const position = content.images.length * each;
      const pixels = content.add(group);
      await writing;
      writing = writeFully(file.handle, pixels, position).then(() => unused.push(group.slab));
      writing.catch(() => undefined);
      if (!flushing && position - flushed > FLUSH_BYTES) {
        flushed = position;
        // Keeps a failed flush until the end: the system reports an error only once.
        flushing = file.handle.datasync().then(() => {
          flushing = undefined;
        });
        flushing.catch(() => undefined);
      }
      task.update(content.images.length + content.skipped.length + content.refused.length);
    }
    await content.explainFailures();
    if (content.refused.length > 0) throw packing.refuse(content.refused);
    await Promise.all([writing, flushing]);
    const { images, skipped } = content;
    await writeStoreIndex(file.handle, { version: STORE_VERSION, size, resize, images, skipped });
    await file.commit();
  } catch (error) {
    await Promise.allSettled([writing, flushing]);
    await file.abort();
    throw writeError(path, error);
  } finally {
    await decoder.close();
  }
  const { decoded } = content;
  const reused = content.images.length - decoded;
  task.finish(`${counted(decoded, "image")} decoded, ${reused} unchanged`);
  return { decoded, reused };
}

/** The error to throw for a failed write, with advice for the usual causes. */
function writeError(path: string, cause: unknown): unknown {
  const move = "set HISTO_CACHE to another disk";
  const reason = hasErrorCode(cause, "ENOSPC")
    ? `The disk is full: ${path} could not be written; free some space or ${move}.`
    : hasErrorCode(cause, "EDQUOT")
      ? `The quota is used up: ${path} could not be written; free some space or ${move}.`
      : hasErrorCode(cause, "EFBIG")
        ? `${path} becomes larger than files may be here (ulimit -f, or the file system); raise the limit, choose a smaller --size or ${move}.`
        : undefined;
  return reason === undefined ? cause : new HistoError("STORE_NO_SPACE", reason, { cause });
}

class StoreContent {
  readonly images: StoredImage[] = [];
  readonly skipped: (FileStamp & UnreadableImage)[] = [];
  readonly refused: (FileStamp & UnreadableImage)[] = [];
  decoded = 0;
  private readonly failures: { readonly list: UnreadableImage[]; readonly at: number; readonly path: string }[] = [];

  constructor(private readonly packing: Packing) {}

  /** Adds a group. @returns the pixels of its usable images, moved to the front of its memory */
  add({ packed, slab }: DecodedGroup): Uint8Array {
    const { old, preparation, skipUnreadable } = this.packing;
    const each = bytesPerImage(preparation.size);
    let used = 0;
    for (const [slot, { planned, answer }] of packed.entries()) {
      const { bytes, modified, known } = planned;
      const { name } = planned.tile;
      const stamp = { bytes, modified, sha256: answer.sha256 };
      if (answer.kind === "failed") {
        // Was skipped before and has not changed.
        const stays = known?.reason !== undefined && known.stamp.sha256 === answer.sha256;
        const list = skipUnreadable || stays ? this.skipped : this.refused;
        this.failures.push({ list, at: list.length, path: planned.tile.path });
        list.push({ ...stamp, name, reason: answer.reason });
      } else if (answer.kind === "decoded") {
        // Fills the slots of unusable images.
        if (used < slot) new Uint8Array(slab, used * each, each).set(new Uint8Array(slab, slot * each, each));
        const { pixels, original, warnings } = answer;
        const odd = warnings.length > 0 ? { warnings } : {};
        this.images.push({ name, ...stamp, pixels, original, ...odd });
        this.decoded++;
        used++;
      } else if (known?.reason !== undefined) {
        this.skipped.push({ ...stamp, name, reason: known.reason });
      } else if (known) {
        old?.read([known.position], new Uint8Array(slab, used * each, each));
        this.images.push({ ...(known.stamp as StoredImage), ...stamp });
        used++;
      }
    }
    return new Uint8Array(slab, 0, used * each);
  }

  /** Decodes failed images again, one at a time: concurrent decoders mix up their error messages. */
  async explainFailures(): Promise<void> {
    const { preparation } = this.packing;
    const slab = new ArrayBuffer(this.failures.length > 0 ? bytesPerImage(preparation.size) : 0);
    for (const { list, at, path } of this.failures) {
      const [answer] = await decodeTiles([{ path, slot: 0 }], slab, preparation);
      if (answer?.kind === "failed") list[at] = { ...(list[at] as UnreadableImage), reason: answer.reason };
    }
  }
}

interface DecodedGroup {
  readonly packed: readonly { readonly planned: PlannedTile; readonly answer: DecodedTile }[];
  /** The pixels of decoded images, each in its own slot. */
  readonly slab: ArrayBuffer;
}

async function decodeGroup(
  group: readonly PlannedTile[],
  decoder: TileDecoder,
  memory: ArrayBuffer,
): Promise<DecodedGroup> {
  const files = group.flatMap((planned, slot) =>
    isUnchanged(planned) ? [] : [{ path: planned.tile.path, slot, known: planned.known?.stamp.sha256 }],
  );
  const { tiles, slab } = await decoder.decode(files, memory);
  const answers = new Map(files.map(({ slot }, i) => [slot, tiles[i] as DecodedTile]));
  const packed = group.map((planned, slot): DecodedGroup["packed"][number] => ({
    planned,
    answer: answers.get(slot) ?? { kind: "known", sha256: planned.known?.stamp.sha256 ?? "" },
  }));
  return { packed, slab };
}

/** Runs `work` on up to `ahead` items at a time and yields the results in the items' order. */
async function* inOrder<T, R>(items: readonly T[], ahead: number, work: (item: T) => Promise<R>): AsyncGenerator<R> {
  const running: Promise<R>[] = [];
  for (const item of items) {
    const promise = work(item);
    promise.catch(() => undefined);
    running.push(promise);
    if (running.length >= ahead) yield await (running.shift() as Promise<R>);
  }
  yield* running;
}
