/** @module The source in which images are looked up by name, and the valid names. */
import type { ImageNames } from "../../../src/files/index";
import { type MemoryShare, Problem } from "../http/index";

/** An image of the source, with its label and votes if known. */
export interface ImageEntry {
  readonly name: string;
  readonly class?: string;
  readonly partition?: string;
  readonly votes?: { readonly positive: number; readonly total: number };
}

export interface ImageSource {
  readonly kind: "folder" | "s3";
  /** Name for users: that of the folder or bucket; never a full path. */
  readonly label: string;
  /** Names of a label table that cannot be requested (see {@link isImageName}) and are not in `list`. */
  readonly unlisted?: readonly string[];
  /** The tiles are drawn by a program, and their votes simulated. */
  readonly drawn?: boolean;
  /** Why the images have no labels despite a table. */
  readonly unlabelled?: string | undefined;
  /**
   * @param memory counts the bytes before they are read
   * @throws {Problem} `IMAGE_NOT_FOUND`, `IMAGE_TOO_LARGE`, `IMAGE_SOURCE_UNAVAILABLE`, `QUEUE_FULL`
   */
  read(name: string, memory?: MemoryShare): Promise<Uint8Array>;
  /** The path of a slide, which is read in parts; absent for sources without paths. @throws {Problem} `IMAGE_NOT_FOUND` */
  locate?(name: string): Promise<string>;
  slides?(): Promise<readonly string[]>;
  /** The images in a stable order, for users to choose from; for a bucket, only the first ten thousand. */
  list(): Promise<readonly ImageEntry[]>;
  /** The names of all images, in the same order. */
  names(): AsyncIterable<string>;
  close(): void;
}

/** First character: a letter or digit of any alphabet, an underscore or an opening bracket; excludes `..` and hidden files. */
const FIRST = String.raw`[\p{L}\p{N}_(\[]`;
/** Other characters: all but control and formatting characters, line ends, and those with a meaning in file systems or URLs. */
const REST = String.raw`[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}/\\:*?"<>|%]{0,200}`;

/** Valid names: an image file, at most four folders deep, in any case and alphabet. */
const IMAGE_NAME_PATTERN = new RegExp(
  String.raw`^(?:${FIRST}${REST}/){0,4}${FIRST}${REST}\.(?:png|jpe?g|webp|tiff?)$`,
  "iu",
);

const SLIDE_NAME_PATTERN = new RegExp(
  String.raw`^(?:${FIRST}${REST}/){0,4}${FIRST}${REST}\.(?:svs|tiff?|btf|ndpi|mrxs|scn|bif|vms|vmu|svslide|dcm|png|jpe?g|webp)$`,
  "iu",
);

export function isSlideName(name: string): boolean {
  return name.length <= LONGEST && SLIDE_NAME_PATTERN.test(name);
}

/** {@link IMAGE_NAME_PATTERN} in words. */
export const IMAGE_NAME_RULE =
  "At most four folders and a file with an image extension; each begins with a letter or digit of any alphabet, `_`, `(` or `[`, " +
  'and contains no control characters and none of `\\ : * ? " < > | %`.';

const LONGEST = 512;

export function isImageName(name: string): boolean {
  return name.length <= LONGEST && IMAGE_NAME_PATTERN.test(name);
}

/**
 * Checks a requested name, which may lack the extension or have `\\` for `/`.
 * @throws {Problem} `FIELD_INVALID` or `IMAGE_NAME_INVALID`
 */
export function checkImageName(name: unknown): string {
  if (typeof name !== "string") throw new Problem("FIELD_INVALID", "image_filename must be a string.");
  const forward = name.replaceAll("\\", "/");
  const lacksEnding = !(forward.split("/").at(-1) as string).includes(".");
  if (!isImageName(lacksEnding ? `${forward}.png` : forward)) throw new Problem("IMAGE_NAME_INVALID");
  return name;
}

/**
 * Reads an image by the requested name, or else by the only name of the source that it may mean (see {@link ImageNames}).
 * @param list the names of the source
 * @throws {Problem} `IMAGE_NOT_FOUND`, `IMAGE_NAME_AMBIGUOUS` and what `read` throws
 */
export async function readMeant(
  requested: string,
  read: (name: string) => Promise<Uint8Array>,
  list: () => Promise<ImageNames>,
): Promise<Uint8Array> {
  try {
    if (isImageName(requested)) return await read(requested);
  } catch (error) {
    if (!(error instanceof Problem && error.code === "IMAGE_NOT_FOUND")) throw error;
  }
  // Without a listing there are no similar names.
  const [name, ...others] = (await list().catch(() => undefined))?.matching(requested) ?? [];
  if (name === undefined || name === requested) throw new Problem("IMAGE_NOT_FOUND");
  if (others.length === 0) return read(name);
  const names = [name, ...others].slice(0, 5).join(", ");
  throw new Problem("IMAGE_NAME_AMBIGUOUS", `The name matches several images: ${names}.`);
}
