/** @module Where images are looked up by name, and which names there can be. */
import type { ImageNames } from "../../../src/files/index";
import { type MemoryShare, Problem } from "../http/index";

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
  /** Names of a label table that cannot be asked for: {@link isImageName} is false for them, and `list` leaves them out. */
  readonly unlisted?: readonly string[];
  /** The tiles are drawn by a program, and votes on them simulated. */
  readonly drawn?: boolean;
  /** Why the images have no labels, although there is a table. */
  readonly unlabelled?: string | undefined;
  /**
   * @param memory where the bytes are counted before they are read
   * @throws {Problem} `IMAGE_NOT_FOUND`, `IMAGE_TOO_LARGE`, `IMAGE_SOURCE_UNAVAILABLE`, `QUEUE_FULL`
   */
  read(name: string, memory?: MemoryShare): Promise<Uint8Array>;
  /**
   * The path of a file, for slides, which are read part by part; absent where files have none.
   * @throws {Problem} `IMAGE_NOT_FOUND`
   */
  locate?(name: string): Promise<string>;
  /** Names of the slides there. */
  slides?(): Promise<readonly string[]>;
  /** The images in a stable order, for people to choose from: of a bucket the first ten thousand. */
  list(): Promise<readonly ImageEntry[]>;
  /** The name of every image, however many there are, in the same order. */
  names(): AsyncIterable<string>;
  close(): void;
}

/** First character: a letter or digit of any alphabet, an underscore or an opening bracket; so never `..` or a hidden file. */
const FIRST = String.raw`[\p{L}\p{N}_(\[]`;
/** What no name holds: control and formatting characters, line ends, and what some file system or URL gives a meaning. */
const REST = String.raw`[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}/\\:*?"<>|%]{0,200}`;

/** Names that are accepted: an image file, at most four folders deep. Case and alphabet do not matter. */
const IMAGE_NAME_PATTERN = new RegExp(
  String.raw`^(?:${FIRST}${REST}/){0,4}${FIRST}${REST}\.(?:png|jpe?g|webp|tiff?)$`,
  "iu",
);

const SLIDE_NAME_PATTERN = new RegExp(
  String.raw`^(?:${FIRST}${REST}/){0,4}${FIRST}${REST}\.(?:svs|tiff?|btf|ndpi|mrxs|scn|bif|vms|vmu|svslide|dcm|png|jpe?g)$`,
  "iu",
);

/** True for a name of a slide that can be asked for. */
export function isSlideName(name: string): boolean {
  return name.length <= LONGEST && SLIDE_NAME_PATTERN.test(name);
}

/** {@link IMAGE_NAME_PATTERN} in words, for people. */
export const IMAGE_NAME_RULE =
  "Folders (at most four) and a file with the ending of an image; each begins with a letter or digit of any alphabet, `_`, `(` or `[`, " +
  'and holds no control characters and none of `\\ : * ? " < > | %`.';

const LONGEST = 512;

/** True for a name that can be asked for. */
export function isImageName(name: string): boolean {
  return name.length <= LONGEST && IMAGE_NAME_PATTERN.test(name);
}

/**
 * Checks a name that is asked for: one of those that there are, perhaps without the ending, or with `\\` for `/`.
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
 * Reads an image by the name asked for, or else by the one name of the source that it may mean, see {@link ImageNames}.
 * @param list the names of the source
 * @throws {Problem} `IMAGE_NOT_FOUND`, `IMAGE_NAME_AMBIGUOUS` and what `read` throws
 */
export async function readMeant(
  asked: string,
  read: (name: string) => Promise<Uint8Array>,
  list: () => Promise<ImageNames>,
): Promise<Uint8Array> {
  try {
    if (isImageName(asked)) return await read(asked);
  } catch (error) {
    if (!(error instanceof Problem && error.code === "IMAGE_NOT_FOUND")) throw error;
  }
  // A source that cannot be listed just now has no other names to offer.
  const [name, ...others] = (await list().catch(() => undefined))?.meant(asked) ?? [];
  if (name === undefined || name === asked) throw new Problem("IMAGE_NOT_FOUND");
  if (others.length === 0) return read(name);
  const names = [name, ...others].slice(0, 5).join(", ");
  throw new Problem("IMAGE_NAME_AMBIGUOUS", `The name matches several images: ${names}.`);
}
