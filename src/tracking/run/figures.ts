/** @module Plotly figures and images as files for MLflow's web interface. */
import { extname } from "node:path";

export interface PlotlyFigure {
  readonly data: readonly unknown[];
  readonly layout?: unknown;
  readonly config?: unknown;
}

const PLOTLY_SCRIPT = "https://cdn.plot.ly/plotly-3.7.0.min.js";

/** Names and content of a figure's files: one for a name that ends in `.html` or `.json`, both for any other name. */
export function figureFiles(figure: PlotlyFigure, name: string): readonly (readonly [string, string])[] {
  const stem = name.replace(/\.(html|json)$/, "");
  const endings = stem === name ? [".html", ".json"] : [extname(name)];
  return endings.map((ending) => [stem + ending, ending === ".html" ? figureHtml(figure) : JSON.stringify(figure)]);
}

/** The name, without extension, of an image in a series. The web interface parses it. */
export function imageOfSeries(key: string, step: number, timestamp: number, runKey: string): string {
  const series = key.replace(/[^\w\-. /]/g, "_").replace(/\//g, "~");
  const unique = `${runKey.slice(0, 8)}-${Math.random().toString(36).slice(2, 10)}`;
  return `images/${series}+step+${step}+timestamp+${timestamp}+${unique}`;
}

/** A page that shows the figure; plotly.js comes from its public address, as in Python's `log_figure`. */
export function figureHtml(figure: PlotlyFigure): string {
  const { data, layout = {}, config = { responsive: true } } = figure;
  // Escapes "<", so that no text in the figure can end the script.
  const argument = (value: unknown) => JSON.stringify(value).replace(/</g, "\\u003c");
  return `<!doctype html>
<html>
<head><meta charset="utf-8"><script src="${PLOTLY_SCRIPT}" charset="utf-8"></script></head>
<body style="margin:0"><div id="figure" style="width:100vw;height:100vh"></div>
<script>Plotly.newPlot("figure", ${argument(data)}, ${argument(layout)}, ${argument(config)});</script>
</body>
</html>
`;
}
