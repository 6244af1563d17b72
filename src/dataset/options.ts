/** @module How a data set directory is to be read, where finding out by itself is not enough. */
import { flagsOf } from "../shell/index";

/** What may be said about a data set; everything has a default that is found in the directory itself. */
export interface DatasetOptions {
  /** Name of the positive class. Default: the alphabetically later one. With three or more classes: this one against the rest. */
  readonly positive?: string | undefined;
  /** The label table, relative to the directory. Default: `annotations.csv`, `labels.csv`, or the only CSV there. */
  readonly table?: string | undefined;
  /** Folder of the images, relative to the directory. Default: `images/` where it exists, and the directory itself. */
  readonly imageDirectory?: string | undefined;
  readonly imageColumn?: string | undefined;
  readonly labelColumn?: string | undefined;
  /** `none`: no column says it. */
  readonly partitionColumn?: string | undefined;
  readonly foldColumn?: string | undefined;
  /** Fold that validates, of the table's or of {@link folds}; the others train. */
  readonly fold?: string | undefined;
  /** Draw so many folds, stratified by class, instead of taking the table's. */
  readonly folds?: number | undefined;
  /** Column with the number of experts who chose the positive class. */
  readonly votesColumn?: string | undefined;
  /** How many experts voted on each tile, where no column says it. */
  readonly votesTotal?: number | undefined;
  /** Bits that the values of 16-bit images use, 8 to 16. Default 16. */
  readonly bitDepth?: number | undefined;
  /** Check that every image of the table exists. Default true; false reads the label table alone. */
  readonly requireImages?: boolean | undefined;
}

/** The flags by which a command is told the same about a data set, and their values. */
export function datasetFlags({ imageDirectory, requireImages: _, ...rest }: DatasetOptions): string[] {
  return flagsOf({ ...rest, imageFolder: imageDirectory });
}

/** Bits that the values of a data set's 16-bit images use, where they are fewer than 16. */
export function bitDepthOf({ options }: { readonly options?: DatasetOptions | undefined }): number | undefined {
  return options?.bitDepth === 16 ? undefined : options?.bitDepth;
}
