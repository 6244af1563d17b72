/** @module Plotly figures as files that MLflow's web interface shows. */

/** A figure as plotly.js takes it. */
export interface PlotlyFigure {
  readonly data: readonly unknown[];
  readonly layout?: unknown;
  readonly config?: unknown;
}

const PLOTLY_SCRIPT = "https://cdn.plot.ly/plotly-3.7.0.min.js";

/** A page that shows the figure; plotly.js comes from its public address, as in Python's `log_figure`. */
export function figureHtml(figure: PlotlyFigure): string {
  const { data, layout = {}, config = { responsive: true } } = figure;
  // "<" is escaped so that no text in the figure can end the script.
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
