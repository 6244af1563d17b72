/** @module Shows outputs in a notebook cell; does nothing outside a notebook. */
import { randomUUID } from "node:crypto";

/** One output in several forms by MIME type; a front end shows the richest it can. Bytes are sent as base64. */
export type Bundle = Readonly<Record<string, unknown>>;

type Writer = (
  content: { data: Bundle; metadata: Record<string, unknown>; transient: { display_id?: string } },
  update: boolean,
) => void;

/** Set by jupyter/session.cjs. */
const WRITER = Symbol.for("histo.notebook.display");

/** Shows one output. */
export function display(bundle: Bundle, metadata: Record<string, unknown> = {}): void {
  write(bundle, metadata, undefined, false);
}

/** Shows Markdown. */
export function displayMarkdown(text: string): void {
  display({ "text/markdown": text, "text/plain": text });
}

/** An output that can be replaced by a newer one. */
export class LiveDisplay {
  private readonly id = randomUUID();
  private shown = false;

  set(bundle: Bundle, metadata: Record<string, unknown> = {}): void {
    write(bundle, metadata, this.id, this.shown);
    this.shown = true;
  }
}

function write(bundle: Bundle, metadata: Record<string, unknown>, id: string | undefined, update: boolean): void {
  const writer = (globalThis as Record<symbol, unknown>)[WRITER] as Writer | undefined;
  if (!writer) return;
  const data = Object.fromEntries(
    Object.entries(bundle).map(([mime, value]) => [
      mime,
      value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
    ]),
  );
  writer({ data, metadata, transient: id === undefined ? {} : { display_id: id } }, update);
}
