/** @module The options for reading a data set directory, as flags of a command. */
import { flagsOf } from "../format/index";
import type { DatasetOptions } from "../options/index";

export type { DatasetOptions };

/** The flags with which a command reads a data set in the same way. */
export function datasetFlags({ imageDirectory, requireImages: _, ...rest }: DatasetOptions): string[] {
  return flagsOf({ ...rest, imageFolder: imageDirectory });
}

/** Bit depth of the values in 16-bit images; undefined for all 16 bits. */
export function bitDepthOf({ options }: { readonly options?: DatasetOptions | undefined }): number | undefined {
  return options?.bitDepth === 16 ? undefined : options?.bitDepth;
}
