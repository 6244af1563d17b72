/** @module Collects the outputs of cells and merges them like Jupyter. */
import type { CellFailure, Output } from "./document";

/** A display message of the Jupyter protocol. */
export interface DisplayContent {
  readonly data: Record<string, unknown>;
  readonly metadata?: Record<string, unknown>;
  readonly transient?: { readonly display_id?: string };
}

type DisplayOutput = Extract<Output, { output_type: "display_data" }>;

/** Collects outputs by cell; updates also change displays of earlier cells. */
export class OutputCollector {
  private readonly displays = new Map<string, DisplayOutput[]>();
  private current: Output[] = [];

  /** Adds the following outputs to the list of another cell. */
  startCell(outputs: Output[]): void {
    this.current = outputs;
  }

  stream(name: "stdout" | "stderr", text: string): void {
    const last = this.current.at(-1);
    if (last?.output_type === "stream" && last.name === name) last.text = overwrite(`${last.text}${text}`);
    else this.current.push({ output_type: "stream", name, text: overwrite(text) });
  }

  display({ data, metadata = {}, transient }: DisplayContent, update: boolean): void {
    const id = transient?.display_id;
    const shown = id === undefined ? [] : (this.displays.get(id) ?? []);
    if (update) {
      for (const output of shown) Object.assign(output, { data, metadata });
      return;
    }
    const output: DisplayOutput = { output_type: "display_data", data, metadata };
    this.current.push(output);
    if (id !== undefined) this.displays.set(id, [...shown, output]);
  }

  error(failure: CellFailure): void {
    this.current.push({ output_type: "error", ...failure });
  }
}

/** Applies carriage returns like a terminal: each one restarts its line. */
function overwrite(text: string): string {
  return text.includes("\r") ? text.replace(/\r\n/g, "\n").replace(/^.*\r(?!$)/gm, "") : text;
}
