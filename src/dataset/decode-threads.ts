/** @module Decodes image files in one thread per processor, so that reading, decompressing and hashing run in parallel. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { hasErrorCode, messageOf } from "../errors/index";
import { projectRoot, sha256 } from "../files/index";
import { type DecodeLimits, type ImageWarning, type PixelPreparation, prepareImage } from "../image/index";
import { usableProcessors } from "../machine/index";
import { bytesPerImage } from "./store/index";

/** Files for a thread, and the memory for their pixels, which is returned with the answer. */
export interface DecodeRequest {
  readonly id: number;
  readonly files: readonly TileFile[];
  readonly slab: ArrayBuffer;
}

export interface DecodeAnswer {
  readonly id: number;
  readonly tiles: readonly DecodedTile[];
  readonly slab: ArrayBuffer;
}

/** With fewer files, starting threads would take longer than decoding. */
const WORTH_THREADS = 64;
const MOST_THREADS = 16;

/** Decodes files in threads, or on the calling thread if threads do not pay off or the project is not compiled. */
export class TileDecoder {
  private readonly waiting = new Map<number, { resolve(answer: DecodeAnswer): void; reject(error: unknown): void }>();
  private serial = 0;
  private failure: unknown;

  private constructor(
    private readonly preparation: TilePreparation,
    private readonly workers: readonly Worker[],
  ) {
    for (const worker of workers) {
      worker.on("message", (answer: DecodeAnswer) => {
        this.waiting.get(answer.id)?.resolve(answer);
        this.waiting.delete(answer.id);
      });
      worker.on("error", (error) => this.fail(error));
      worker.on("exit", () => this.fail(new Error("a thread that decodes images has ended")));
    }
  }

  /** @param count number of files to decode */
  static start(preparation: TilePreparation, count: number): TileDecoder {
    const file = join(projectRoot(), "dist", "src", "dataset", "decode-worker.js");
    const threads = Math.min(usableProcessors(), MOST_THREADS);
    if (count < WORTH_THREADS || threads < 2 || !existsSync(file)) return new TileDecoder(preparation, []);
    // Each thread decodes on its own: all processors are busy already.
    const workerData: TilePreparation = { ...preparation, limits: { ...preparation.limits, immediate: true } };
    return new TileDecoder(
      preparation,
      Array.from({ length: threads }, () => new Worker(file, { workerData })),
    );
  }

  /** Number of open requests that keeps all threads busy: two for each. */
  get ahead(): number {
    return Math.max(2, 2 * this.workers.length);
  }

  /** Decodes files into the slots of `slab`, which must not be used meanwhile. @returns the same memory as `slab` */
  async decode(files: readonly TileFile[], slab: ArrayBuffer): Promise<Omit<DecodeAnswer, "id">> {
    const worker = this.workers[this.serial % this.workers.length];
    if (!worker || files.length === 0) return { tiles: await decodeTiles(files, slab, this.preparation), slab };
    if (this.failure) throw this.failure;
    const id = this.serial++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      worker.postMessage({ id, files, slab } satisfies DecodeRequest, [slab]);
    });
  }

  async close(): Promise<void> {
    this.waiting.clear();
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }

  private fail(error: unknown): void {
    this.failure ??= error;
    for (const { reject } of this.waiting.values()) reject(this.failure);
    this.waiting.clear();
  }
}

export interface TilePreparation extends PixelPreparation {
  readonly limits?: DecodeLimits | undefined;
}

export interface TileFile {
  readonly path: string;
  /** Number of the slot (of {@link bytesPerImage}) for its pixels. */
  readonly slot: number;
  /** SHA-256 of a file whose pixels are known and need not be decoded. */
  readonly known?: string | undefined;
}

/** The result for a file. `sha256` is of its bytes, empty if they could not be read. */
export type DecodedTile =
  | {
      readonly kind: "decoded";
      readonly sha256: string;
      readonly pixels: string;
      readonly original: readonly [width: number, height: number];
      readonly warnings: readonly ImageWarning[];
    }
  | { readonly kind: "known"; readonly sha256: string }
  | { readonly kind: "failed"; readonly sha256: string; readonly reason: string };

/** Decodes files into the slots of `slab`. Never throws for a file. */
export function decodeTiles(
  files: readonly TileFile[],
  slab: ArrayBuffer,
  { limits, ...preparation }: TilePreparation,
): Promise<DecodedTile[]> {
  const each = bytesPerImage(preparation.size);
  const decode = async ({ path, slot, known }: TileFile): Promise<DecodedTile> => {
    let hash = "";
    try {
      const content = readFileSync(path);
      hash = sha256(content);
      if (hash === known) return { kind: "known", sha256: hash };
      const { pixels, original, warnings } = await prepareImage(content, preparation, limits, path);
      new Uint8Array(slab, slot * each, each).set(pixels);
      return { kind: "decoded", sha256: hash, pixels: sha256(pixels), original, warnings };
    } catch (error) {
      return { kind: "failed", sha256: hash, reason: reasonOf(error, path) };
    }
  };
  return Promise.all(files.map(decode));
}

function reasonOf(error: unknown, path: string): string {
  if (hasErrorCode(error, "ENOENT")) return `${path} does not exist.`;
  return hasErrorCode(error, "EACCES") ? `${path} may not be read; change its permissions.` : messageOf(error);
}
