/** @module The parts of a report. */
import type { Figure } from "../plots/index";

/** A part of the report. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** HTML, or a figure with a caption. */
export type Block = string | { readonly figure: Figure; readonly caption: string };
