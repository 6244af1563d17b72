/** @module The figure that every plot function returns: plain plotly data and layout. */
import type { Data, Layout } from "plotly.js";
import { lightTemplate } from "./theme";

/** A plotly figure as JSON data. Its layout includes template, title and size. */
export interface Figure {
  readonly data: Data[];
  readonly layout: Partial<Layout>;
}

/** Default size of a figure in pixels. */
export const FIGURE_SIZE = { width: 700, height: 420 } as const;

/**
 * A figure in the project's style.
 * @param title one line: what the figure shows
 */
export function figure(title: string, data: Data[], layout: Partial<Layout> = {}): Figure {
  return { data, layout: { ...FIGURE_SIZE, template: lightTemplate, title: { text: title }, ...layout } };
}
