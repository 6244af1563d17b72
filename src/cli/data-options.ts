/** @module The options of every command that reads a data set. */
import type { Command } from "commander";
import * as z from "zod";
import { type DatasetOptions, datasetSchema, trainingSchema } from "../options/index";
import { integer } from "./command";
import { addSchemaOptions, givenOptions } from "./schema-options";

/** `--data DIR` and how the directory is to be read, for commands that train; the others choose no fold. */
export const datasetChoice = trainingSchema.pick({ data: true, dataset: true });
/** The options of a command that reads a data set. */
export const readingSchema = z.strictObject({
  data: trainingSchema.shape.data,
  ...datasetSchema.omit({ fold: true, folds: true }).shape,
});

export interface DataOptions {
  readonly data: string;
}

export const BIT_DEPTH_HELP = "bits that the values of 16-bit images use, such as 12 (default: 16)";
export const MODEL_BIT_DEPTH_HELP = "bits that the values of 16-bit images use (default: what the model says)";
export const bitDepth = integer(8, 16);

/** Adds `--data DIR` and the options that say how the directory is to be read. */
export function addDataOptions(command: Command): Command {
  return addSchemaOptions(command, readingSchema);
}

/** How the directory is to be read, of a command's options. */
export function datasetOptions(flags: object): DatasetOptions {
  return givenOptions(flags, datasetSchema);
}
