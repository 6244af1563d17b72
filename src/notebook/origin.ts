/** @module Warns readers of a notebook that its data set is synthetic. */
import { isDrawn } from "../dataset/labels/index";
import { displayMarkdown } from "./display";

/** Shows a warning if a data set's tiles are drawn by a program. */
export function displayOrigin(directory: string): void {
  if (!isDrawn(directory)) return;
  displayMarkdown(
    "**These tiles are drawn by a program, and so are the experts' votes on them.** The figures below show how the methods work; " +
      "they say nothing about tissue. For your own images, set `data` in the first cell.",
  );
}
