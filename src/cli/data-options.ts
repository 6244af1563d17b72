/** @module The options of commands that read a data set. */
import * as z from "zod";
import { type DatasetOptions, datasetSchema, trainingSchema } from "../options/index";
import { givenOptions } from "./schema-options";

/** `--data DIR` and how to read the directory, for commands that train. */
export const datasetChoice = trainingSchema.pick({ data: true, dataset: true });
/** The same for other commands, which do not choose a fold. */
export const readingSchema = z.strictObject({
  data: trainingSchema.shape.data,
  ...datasetSchema.omit({ fold: true, folds: true }).shape,
});

/** How to read the directory, from the flags of a command. */
export function datasetOptions(flags: object): DatasetOptions {
  return givenOptions(flags, datasetSchema);
}
