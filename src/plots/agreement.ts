/** @module The model compared with the experts. */
import type { Data } from "plotly.js";
import type { AgreementGroup, VoteGroup } from "../evaluation/index";
import { counted, decimal } from "../format/index";
import { colours, errorBars, type Figure, figure, legendBelow, plain, rateAxis, rounded } from "./figure";

/** Accuracy by the number of experts in the majority, with 95 % intervals. */
export function agreementFigure(groups: readonly AgreementGroup[]): Figure {
  const bars: Data = {
    type: "bar",
    x: groups.map(({ agreement, n }) => `${agreement}<br>${counted(n, "image")}`),
    y: rounded(groups.map(({ accuracy }) => accuracy)),
    error_y: errorBars(
      groups.map(({ accuracy }) => accuracy),
      groups.map(({ accuracyCi95 }) => accuracyCi95),
      { color: colours.reference, thickness: 1.5 },
    ),
    text: groups.map(({ accuracy }) => decimal(accuracy)),
    textposition: "inside",
    insidetextanchor: "start",
    textfont: { color: "#FFFFFF" },
    width: 0.6,
    marker: { color: colours.negative },
    hovertemplate: "accuracy %{y:.3f}<extra></extra>",
  };
  return figure("Accuracy by agreement of the experts", [bars], {
    xaxis: { title: { text: "experts on the majority's side" }, type: "category" },
    yaxis: rateAxis("accuracy", [0, 1.02]),
  });
}

/** The model's mean probability by votes for the positive class. It rises evenly if the model doubts where experts doubt. */
export function votesFigure(groups: readonly VoteGroup[], positive: string): Figure {
  const x = groups.map(({ votes, total }) => `${votes}/${total}`);
  const customdata = groups.map(({ n }) => n);
  const share = groups.map(({ votes, total }) => votes / total);
  return figure(
    "Model and experts",
    [
      {
        x,
        y: rounded(share),
        mode: "lines",
        name: "share of experts",
        hoverinfo: "skip",
        line: { color: colours.reference, dash: "dot", width: 1.5 },
      },
      {
        x,
        y: rounded(groups.map(({ meanProbability }) => meanProbability)),
        customdata,
        mode: "lines+markers",
        name: "mean probability of the model",
        line: { color: colours.negative },
        hovertemplate: "%{y:.3f} (%{customdata} images)<extra></extra>",
      },
      {
        x,
        y: rounded(groups.map(({ calledPositive }) => calledPositive)),
        customdata,
        mode: "lines+markers",
        name: `share called ${plain(positive)}`,
        line: { color: colours.positive, dash: "dash" },
        hovertemplate: "%{y:.3f} (%{customdata} images)<extra></extra>",
      },
    ],
    {
      xaxis: { title: { text: `votes for ${plain(positive)}` }, type: "category" },
      yaxis: { range: [-0.02, 1.02], dtick: 0.2, tickformat: ".1f" },
      legend: legendBelow(),
    },
  );
}
