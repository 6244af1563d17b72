/** @module The options of every command that reads a data set. */
import type { Command } from "commander";
import type { DatasetOptions } from "../dataset/options";
import { integer } from "./command";

/** What the options of {@link addDataOptions} give. */
export interface DataOptions {
  readonly data: string;
  readonly positive?: string;
  readonly table?: string;
  readonly imageFolder?: string;
  readonly imageColumn?: string;
  readonly labelColumn?: string;
  readonly partitionColumn?: string;
  readonly votesColumn?: string;
  readonly votesTotal?: number;
  readonly bitDepth?: number;
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
    .option("--partition-column <name>", "column of train, validation, test")
    .option("--votes-column <name>", "column of the experts' votes for the positive class")
    .option("--votes-total <n>", "how many experts voted on each image, where no column says it", integer(1))
    .option("--bit-depth <n>", BIT_DEPTH_HELP, bitDepth);
}

/** The options as {@link loadDataset} takes them. */
export function datasetOptions(options: DataOptions): DatasetOptions {
  const { imageFolder, positive, table, imageColumn, labelColumn, partitionColumn, votesColumn, votesTotal, bitDepth } =
    options;
  return {
    positive,
    table,
    imageDirectory: imageFolder,
    imageColumn,
    labelColumn,
    partitionColumn,
    votesColumn,
    votesTotal,
    bitDepth,
  };
}
