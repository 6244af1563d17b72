/** @module The options for reading a data set directory, if detection is not enough. */
import * as z from "zod";
import { group, option, whole } from "./declaration/index";

const text = () => z.string().optional();

function isPattern(text: string | undefined): boolean {
  try {
    new RegExp(text ?? "");
    return true;
  } catch {
    return false;
  }
}

/** The options of a data set. All defaults are detected in the directory. */
export const datasetSchema = z.strictObject({
  ...group("Data set", {
    positive: option(text(), "positive class; with more than two classes, this one against the rest", {
      value: "name",
      usual: "the alphabetically later",
    }),
    table: option(text(), "label table, relative to the directory", {
      value: "file",
      usual: "annotations.csv, labels.csv or the only CSV",
    }),
    imageDirectory: option(text(), "folder of the images inside the data set", {
      value: "dir",
      flag: "image-folder",
      usual: "images, or the data set itself",
    }),
    imageColumn: option(text(), "column of image names", { value: "name" }),
    labelColumn: option(text(), "column of labels", { value: "name" }),
    partitionColumn: option(text(), "column of train, validation, test; none: no such column", { value: "name" }),
    foldColumn: option(text(), "column of folds, for --fold", { value: "name" }),
    fold: option(
      text(),
      "validate on this fold of the table's, or of --folds, and train on the others; histo train: all, one after the other",
      { value: "k" },
    ),
    folds: option(whole(2, 1000).optional(), "draw this many folds, stratified by class, even if the table has folds", {
      value: "n",
    }),
    groupColumn: option(
      text(),
      "column of patients or slides, whose images stay in one partition; none: no such column",
      { value: "name" },
    ),
    groupPattern: option(
      text().refine(isPattern),
      "regular expression for the patient or slide in the images' file names: the part in (), or all of it",
      { value: "regexp", rule: "be a regular expression" },
    ),
    votesColumn: option(text(), "column of the experts' votes for the positive class", { value: "name" }),
    votesTotal: option(whole(1).optional(), "number of experts who voted on each image, if no column gives it", {
      value: "n",
    }),
    bitDepth: option(whole(8, 16).optional(), "bit depth of the values in 16-bit images, such as 12", {
      value: "n",
      usual: "16",
    }),
    requireImages: option(
      z.boolean().optional(),
      "check that every image of the table exists; false reads the label table alone",
      { flag: false, usual: "true" },
    ),
  }),
});

export type DatasetOptions = z.output<typeof datasetSchema>;
