/** @module How a data set directory is to be read, as flags of a command. */
import type { DatasetOptions } from "../options/index";
import { flagsOf } from "../shell/index";

export type { DatasetOptions };

/** The flags by which a command is told the same about a data set, and their values. */
export function datasetFlags({ imageDirectory, requireImages: _, ...rest }: DatasetOptions): string[] {
  return flagsOf({ ...rest, imageFolder: imageDirectory });
}

/** Bits that the values of a data set's 16-bit images use, where they are fewer than 16. */
export function bitDepthOf({ options }: { readonly options?: DatasetOptions | undefined }): number | undefined {
  return options?.bitDepth === 16 ? undefined : options?.bitDepth;
}
