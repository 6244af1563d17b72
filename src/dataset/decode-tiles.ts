/** @module Decodes image files into one block of memory: the work of a thread that packs the store. */
import { readFileSync } from "node:fs";
import { hasErrorCode, messageOf } from "../errors/index";
import { sha256 } from "../files/index";
import { type DecodeLimits, type ImageWarning, type PixelPreparation, prepareImage } from "../image/index";
import { bytesPerImage } from "./store/index";

/** Settings for all images of a store. */
export interface TilePreparation extends PixelPreparation {
  readonly limits?: DecodeLimits | undefined;
}

/** A file to decode. */
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
