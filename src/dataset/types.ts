/** @module A data set, independent of its layout on disk, and the options by which it is read. */

import { flagsOf } from "../format/index";
import type { ImageWarning } from "../image/index";
import type { DatasetOptions } from "../options/index";

export type Partition = "train" | "validation" | "test";

export interface Votes {
  /** How many chose the positive class. */
  readonly positive: number;
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
  /** Patient, slide or the like, if the table has it: its images belong into one partition. */
  readonly group?: string;
  /** Fold of cross-validation, if the table has it. */
  readonly fold?: string;
  readonly votes?: Votes;
}

/**
 * Version of how data sets are read, on which drawn partitions depend. 1: a table's tiles in the order of its rows, folders inside
 * classes without a meaning. 2: a table's tiles sorted by name, folders inside classes as groups. 3: groups whose names differ only in
 * spelling are one.
 */
export type Reading = 1 | 2 | 3;

/** How new work reads data sets; begun work keeps the version it began with. */
export const LATEST_READING: Reading = 3;

/** A binary-labelled set of images, without their pixels (see {@link PixelStore}). */
export interface Dataset {
  /** Absolute path. */
  readonly directory: string;
  /** Name of the directory, for messages. */
  readonly name: string;
  readonly layout: "mhist" | "csv" | "folders";
  /** Absolute path of the label table, if there is one. */
  readonly table?: string;
  /** The options with which it was read. */
  readonly options?: DatasetOptions;
  /** Names of the classes; `classes[1]` is the positive one. */
  readonly classes: readonly [negative: string, positive: string];
  /** The classes that together are the negative one, if they are several. */
  readonly together?: readonly string[];
  /** Those of folders in the order of the folders, those of a table sorted by name (see {@link Reading}). */
  readonly tiles: readonly Tile[];
  /** The tiles are drawn by a program: they show no tissue. */
  readonly drawn?: boolean;
  /** Micrometres per pixel of all images, if the table gives one scale. */
  readonly mpp?: number;
  /** Messages to the user about how the set was read, such as that a test set was held out. */
  readonly notes?: readonly string[];
}

/** A data set as its table or its folders give it. */
export type UnnamedDataset = Omit<Dataset, "name">;

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
  /** Tiles that cannot be decoded and that the user chose to skip. */
  readonly skipped: readonly UnreadableImage[];
  /** Width and height of each image before resizing, in store order. */
  readonly originalSizes: readonly (readonly [width: number, height: number])[];
  /** SHA-256 of the decoded pixels of each image, in store order: equal for exact duplicates. */
  readonly pixelHashes: readonly string[];
  /** Names of images that were read but look wrong, by kind of problem. */
  readonly warnings?: Readonly<Partial<Record<ImageWarning, readonly string[]>>>;
  /** Position of a tile in the store. @throws {InputError} `STORE_TILE_MISSING` */
  positionOf(name: string): number;
  /** Copies the pixels of the images at `positions` into `into`, one after the other. Synchronous and fast. */
  read(positions: ArrayLike<number>, into: Uint8Array): void;
  close(): void;
}

export type { DatasetOptions };

/** The flags with which a command reads a data set in the same way. */
export function datasetFlags({ imageDirectory, requireImages: _, ...rest }: DatasetOptions): string[] {
  return flagsOf({ ...rest, imageFolder: imageDirectory });
}

/** Bit depth of the values in 16-bit images; undefined for all 16 bits. */
export function bitDepthOf({ options }: { readonly options?: DatasetOptions | undefined }): number | undefined {
  return options?.bitDepth === 16 ? undefined : options?.bitDepth;
}
