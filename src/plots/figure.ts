/** @module The figure that every plot function returns: plain plotly data and layout, shown, drawn or saved by others. */
import type { Data, Layout } from "plotly.js";
import { lightTemplate } from "./theme";

/** A plotly figure as plain JSON-able data. Its layout carries its own template, title, and size on the page. */
export interface Figure {
  readonly data: Data[];
  readonly layout: Partial<Layout>;
}

/** Size of a figure unless its layout says otherwise, in pixels on the page. */
export const FIGURE_SIZE = { width: 700, height: 420 } as const;

/**
 * A figure in the project's look.
 * @param title one line: what the figure shows
 */
export function figure(title: string, data: Data[], layout: Partial<Layout> = {}): Figure {
  return { data, layout: { ...FIGURE_SIZE, template: lightTemplate, title: { text: title }, ...layout } };
}
