/** @module Shows outputs, progress and the origin of the images in a notebook cell; does nothing outside a notebook. */
import { randomUUID } from "node:crypto";
import { isDrawn } from "../dataset/labels/index";
import { type Progress, streamProgress } from "../progress/index";

/** One output in several forms by MIME type; a front end shows the richest it can. Bytes are sent as base64. */
export type Bundle = Readonly<Record<string, unknown>>;

type Writer = (
  content: { data: Bundle; metadata: object; transient: { display_id?: string } },
  update: boolean,
) => void;

/** Set by jupyter/session.cjs. */
const WRITER = Symbol.for("histo.notebook.display");

export function display(bundle: Bundle): void {
  write(bundle, undefined, false);
}

export function displayMarkdown(text: string): void {
  display({ "text/markdown": text, "text/plain": text });
}

/** An output that can be replaced by a newer one. */
export class LiveDisplay {
  private readonly id = randomUUID();
  private shown = false;

  set(bundle: Bundle): void {
    write(bundle, this.id, this.shown);
    this.shown = true;
  }
}

function write(bundle: Bundle, id: string | undefined, update: boolean): void {
  const writer = (globalThis as Record<symbol, unknown>)[WRITER] as Writer | undefined;
  if (!writer) return;
  const data = Object.fromEntries(
    Object.entries(bundle).map(([mime, value]) => [
      mime,
      value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
    ]),
  );
  writer({ data, metadata: {}, transient: id === undefined ? {} : { display_id: id } }, update);
}

/** Shows a warning if a data set's tiles are drawn by a program. */
export function displayOrigin(directory: string): void {
  if (!isDrawn(directory)) return;
  displayMarkdown(
    "**These tiles are drawn by a program, and so are the experts' votes on them.** The figures below show how the methods work; " +
      "they say nothing about tissue. For your own images, set `data` in the first cell.",
  );
}

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
