/** @module The options of every command that reads a data set. */
import * as z from "zod";
import { type DatasetOptions, datasetSchema, trainingSchema } from "../options/index";
import { givenOptions } from "./schema-options";

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

/** How the directory is to be read, of a command's options. */
export function datasetOptions(flags: object): DatasetOptions {
  return givenOptions(flags, datasetSchema);
}
