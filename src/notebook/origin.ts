/** @module Says that a data set is drawn, where it is: a reader of a notebook must not take its figures for medicine. */
import { isDrawn } from "../dataset/labels/index";
import { displayMarkdown } from "./display";

/** Shows a warning where the tiles in a data set's directory are drawn by a program; nothing for real ones. */
export function displayOrigin(directory: string): void {
  if (!isDrawn(directory)) return;
  displayMarkdown(
    "**These tiles are drawn by a program, and so are the experts' votes on them.** The figures below show how the methods work; " +
      "they say nothing about tissue. For your own images, set `data` in the first cell.",
  );
}
