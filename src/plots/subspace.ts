/** @module The explained variance of a principal subspace. */
import { counted, percent } from "../format/index";
import { type Figure, figure } from "./figure";
import { rounded } from "./numbers";
import { colours } from "./theme";

/**
 * Share of the pixels' variance in the first r directions, by r on a logarithmic axis.
 * @param variances of the directions, largest first
 * @param total variance of all pixels
 */
export function explainedVarianceFigure(variances: ArrayLike<number>, total: number): Figure {
  let sum = 0;
  const shares = Array.from(variances, (variance) => {
    sum += variance;
    return sum / total;
  });
  const last = shares.at(-1) ?? 0;
  return figure(
    `${counted(shares.length, "direction")} hold ${percent(last)} of the variance`,
    [
      {
        x: shares.map((_, i) => i + 1),
        y: rounded(shares),
        mode: "lines",
        line: { color: colours.positive },
        hovertemplate: "%{x} directions: %{y:.1%}<extra></extra>",
      },
    ],
    {
      xaxis: { title: { text: "directions" }, type: "log", dtick: 1 },
      yaxis: { title: { text: "share of the variance" }, tickformat: ".0%", range: [0, 1] },
    },
  );
}
