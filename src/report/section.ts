/** @module What a report consists of. */
import type { Figure } from "../plots/index";

/** A part of the report. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** Ready HTML, or a figure with a sentence on how to read it. */
export type Block = string | { readonly figure: Figure; readonly caption: string };
