/** @module What the rest of the project knows about a data set, whatever its layout on disk. */
import type { ImageWarning } from "../image/index";
import type { DatasetOptions } from "./options";

export type Partition = "train" | "validation" | "test";

/** How a data set directory is laid out. */
export type Layout = "mhist" | "csv" | "folders";

/** How the experts voted on one tile. */
export interface Votes {
  /** How many chose the positive class. */
  readonly positive: number;
  /** How many voted. */
  readonly total: number;
}

/** One labelled image. */
export interface Tile {
  /** Name within the data set, with `/` between folders; unique. */
  readonly name: string;
  /** Absolute path of the image file. */
  readonly path: string;
  /** 1 for the positive class, 0 for the negative one. */
  readonly label: 0 | 1;
  readonly partition: Partition;
  /** Patient, slide or the like, where the table says it: its images belong together. */
  readonly group?: string;
  /** Fold of cross-validation, where the table says it. */
  readonly fold?: string;
  readonly votes?: Votes;
}

/** A binary-labelled set of images. Pixels are read elsewhere (see {@link PixelStore}). */
export interface Dataset {
  /** Absolute path. */
  readonly directory: string;
  /** Short name for people: the directory's own name. */
  readonly name: string;
  readonly layout: Layout;
  /** The label table, where the layout has one; absolute path. */
  readonly table?: string;
  /** What was said about how to read it. */
  readonly options?: DatasetOptions;
  /** Names of the classes; `classes[1]` is the positive one. */
  readonly classes: readonly [negative: string, positive: string];
  /** In the order of the table, or sorted by name; the order is stable. */
  readonly tiles: readonly Tile[];
  /** The tiles are drawn by a program: they show no tissue. */
  readonly drawn?: boolean;
  /** What a person should know about how the set was read, such as that a test set was held out; sentences. */
  readonly notes?: readonly string[];
}

/** An image that could not be decoded, and why. */
export interface UnreadableImage {
  readonly name: string;
  readonly reason: string;
}

/** The decoded pixels of a data set at one size: uint8, RGB, row-major (height, width, channel). */
export interface PixelStore {
  /** Edge length in pixels. */
  readonly size: number;
  /** `size * size * 3`. */
  readonly bytesPerImage: number;
  /** Names of the tiles, in store order. */
  readonly names: readonly string[];
  /** The store's file; absent for a store in memory. */
  readonly path?: string;
  /** SHA-256 over the names and the contents: two stores with the same value hold the same pixels. */
  readonly contentHash: string;
  /** Tiles that are not in the store because they cannot be decoded and the user chose to go on without them. */
  readonly skipped: readonly UnreadableImage[];
  /** Width and height of each image before it was brought to the store's size, in store order. */
  readonly originalSizes: readonly (readonly [width: number, height: number])[];
  /** SHA-256 of the decoded pixels of each image, in store order: equal for exact duplicates. */
  readonly pixelHashes: readonly string[];
  /** Names of images that were read but look wrong, by what is odd about them. */
  readonly warnings?: Readonly<Partial<Record<ImageWarning, readonly string[]>>>;
  /** Position of a tile in the store. @throws {InputError} `STORE_TILE_MISSING` */
  positionOf(name: string): number;
  /** Copies the pixels of the images at `positions` into `into`, one after the other. Synchronous and fast. */
  read(positions: ArrayLike<number>, into: Uint8Array): void;
  close(): void;
}
