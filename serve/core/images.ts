/** @module Where images are looked up by name, and which names there can be. */
import type { MemoryShare } from "./memory";
import { Problem } from "./problem";

/** An image that the source offers, with what is known of it. */
export interface ImageEntry {
  readonly name: string;
  /** The majority label. */
  readonly class?: string;
  readonly partition?: string;
  readonly votes?: { readonly positive: number; readonly total: number };
}

/** A place with images. */
export interface ImageSource {
  readonly kind: "folder" | "s3";
  /** For people: the folder's last name or the bucket; never a full path. */
  readonly label: string;
  /**
   * @param memory where the bytes are counted before they are read
   * @throws {Problem} `IMAGE_NOT_FOUND`, `IMAGE_TOO_LARGE`, `IMAGE_SOURCE_UNAVAILABLE`, `QUEUE_FULL`
   */
  read(name: string, memory?: MemoryShare): Promise<Uint8Array>;
  /** The images in a stable order, for people to choose from: of a bucket the first ten thousand. */
  list(): Promise<readonly ImageEntry[]>;
  /** The name of every image, however many there are, in the same order. */
  names(): AsyncIterable<string>;
  close(): void;
}

/**
 * Names that are accepted: folders and a file of word characters, dots, dashes and blanks, each beginning with a letter, a
 * digit or an underscore (so never `..`), at most four folders deep, with an image's extension.
 */
export const IMAGE_NAME_PATTERN = /^(?:\w[\w. -]{0,127}\/){0,4}\w[\w. -]{0,127}\.(?:png|jpe?g|webp|tiff?)$/i;

/** @throws {Problem} `FIELD_INVALID` or `IMAGE_NAME_INVALID` */
export function checkImageName(name: unknown, pattern: RegExp = IMAGE_NAME_PATTERN): string {
  if (typeof name !== "string") throw new Problem("FIELD_INVALID", "image_filename must be a text.");
  if (name.length > 512 || !pattern.test(name)) throw new Problem("IMAGE_NAME_INVALID");
  return name;
}
