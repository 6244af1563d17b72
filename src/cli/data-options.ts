/** @module The options of every command that reads a data set. */
import type { Command } from "commander";
import type { DatasetOptions } from "../dataset/options";
import { integer } from "./command";

/** What the options of {@link addDataOptions} and {@link addFoldOptions} give. */
export interface DataOptions extends Omit<DatasetOptions, "imageDirectory" | "requireImages"> {
  readonly data: string;
  readonly imageFolder?: string | undefined;
}

export const BIT_DEPTH_HELP = "bits that the values of 16-bit images use, such as 12 (default: 16)";
export const MODEL_BIT_DEPTH_HELP = "bits that the values of 16-bit images use (default: what the model says)";
export const bitDepth = integer(8, 16);

/** Adds `--data DIR` and the options that say how the directory is to be read. */
export function addDataOptions(command: Command): Command {
  return command
    .requiredOption(
      "--data <dir>",
      "data set: MHIST as distributed, a CSV table with images, or a folder for each class",
    )
    .option(
      "--positive <name>",
      "positive class (default: the alphabetically later); with more than two, it against the rest",
    )
    .option("--table <file>", "label table (default: annotations.csv, labels.csv or the only CSV)")
    .option(
      "--image-folder <dir>",
      "folder of the images inside the data set (default: images, or the data set itself)",
    )
    .option("--image-column <name>", "column of image names")
    .option("--label-column <name>", "column of labels")
    .option("--partition-column <name>", "column of train, validation, test; none: none of them")
    .option("--fold-column <name>", "column of folds, for --fold")
    .option("--votes-column <name>", "column of the experts' votes for the positive class")
    .option("--votes-total <n>", "how many experts voted on each image, where no column says it", integer(1))
    .option("--bit-depth <n>", BIT_DEPTH_HELP, bitDepth);
}

/** Adds the choice of a fold, for commands that train. */
export function addFoldOptions(command: Command): Command {
  return command
    .option(
      "--fold <k>",
      "validate on this fold of the table's, or of --folds, and train on the others; histo train: all, one after the other",
    )
    .option("--folds <n>", "draw so many folds, stratified by class, whatever the table says", integer(2, 1000));
}

/** Parts what is said about the data set from a command's other options; `data` stays with these. */
export function partDataOptions<T extends DataOptions>(options: T) {
  const { positive, table, imageFolder, imageColumn, labelColumn, partitionColumn, ...more } = options;
  const { foldColumn, fold, folds, votesColumn, votesTotal, bitDepth, ...rest } = more;
  const columns = { imageColumn, labelColumn, partitionColumn, foldColumn, votesColumn, votesTotal };
  return { rest, dataset: { positive, table, imageDirectory: imageFolder, ...columns, fold, folds, bitDepth } };
}

/** The options as {@link loadDataset} takes them. */
export function datasetOptions(options: DataOptions): DatasetOptions {
  return partDataOptions(options).dataset;
}
