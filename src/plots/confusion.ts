/** @module The confusion matrix as a heat map. */
import type { Data } from "plotly.js";
import type { Confusion } from "../evaluation/index";
import { percent } from "../format/index";
import { type Figure, figure, plain, sequentialScale } from "./figure";

/** Counts and shares of each true class as a 2 x 2 heat map. */
export function confusionFigure(
  { tp, fp, tn, fn }: Confusion,
  classes: readonly [negative: string, positive: string],
  title = "Confusion matrix",
): Figure {
  const counts = [
    [tn, fp],
    [fn, tp],
  ];
  const shares = counts.map((row) => row.map((count) => count / Math.max(1, (row[0] ?? 0) + (row[1] ?? 0))));
  const cells = counts.flatMap((row, y) =>
    row.map((count, x) => {
      const share = shares[y]?.[x] ?? 0;
      return {
        x,
        y,
        text: `<b>${count}</b><br>${percent(share)}`,
        showarrow: false,
        font: { size: 16, color: share > 0.6 ? "#FFFFFF" : "#24292F" },
      };
    }),
  );
  const ticks = {
    tickvals: [0, 1],
    ticktext: classes.map(plain),
    showgrid: false,
    showline: false,
    ticks: "" as const,
  };
  const map: Data = {
    type: "heatmap",
    z: shares,
    zmin: 0,
    zmax: 1,
    colorscale: sequentialScale,
    showscale: false,
    xgap: 3,
    ygap: 3,
    hovertemplate: "%{z:.1%} of this true class<extra></extra>",
  };
  return figure(title, [map], {
    width: 460,
    height: 420,
    annotations: cells,
    xaxis: { ...ticks, title: { text: "predicted" } },
    yaxis: { ...ticks, title: { text: "true" }, autorange: "reversed" },
  });
}
