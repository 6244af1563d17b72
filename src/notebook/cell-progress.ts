/** @module Progress of long work as a cell output: one line that is replaced, and a summary at the end. */
import { type Progress, streamProgress } from "../progress/index";
import { LiveDisplay } from "./display";

const CLEAR_LINE = "\r\x1b[2K";
const SHOW_EVERY_MS = 250;

/** Progress that is shown in the cell; shows nothing outside a notebook. */
export function cellProgress(): Progress {
  let line = new LiveDisplay();
  let shownAt = 0;
  return streamProgress({
    isTTY: true,
    columns: 100,
    write(text) {
      const ends = text.endsWith("\n");
      if (!ends && Date.now() - shownAt < SHOW_EVERY_MS) return;
      shownAt = Date.now();
      line.set({ "text/plain": text.replaceAll(CLEAR_LINE, "").trimEnd() });
      if (ends) line = new LiveDisplay();
    },
  });
}
