/** @module A comparison as one HTML file: the table, the figures, and the verdict on the baseline. */
import { basename } from "node:path";
import { writeFileAtomically } from "../files/index";
import { counted, escapeHtml, measured, megabytes, paragraph, table } from "../format/index";
import { beyondBaselineFigure, countText, type Figure, techniqueCostFigure, techniquesFigure } from "../plots/index";
import { reportPage } from "../report/index";
import type { ComparedTechniques, ComparisonRow } from "./measure";

const MEASURES = ["balancedAccuracy", "accuracy", "recall", "specificity"] as const;
const HEAD = (
  "technique, ROC AUC, balanced accuracy, accuracy, recall, specificity, parameters, on disk, " +
  "training memory, an epoch, an image"
).split(", ");

const CAPTIONS: Readonly<Record<string, string>> = {
  techniques: "The dotted line is the colour baseline.",
  "beyond-baseline": "Right of the dotted line a technique is ahead of it.",
  cost: "Up is better, left is cheaper; costs on logarithmic axes.",
};

/** The figures of a comparison, by name. */
export function comparisonFigures(rows: readonly ComparisonRow[]): Record<string, Figure> {
  if (rows.length === 0) return {};
  return {
    techniques: techniquesFigure(rows),
    ...(rows.some((row) => row.beyondBaseline) && { "beyond-baseline": beyondBaselineFigure(rows) }),
    cost: techniqueCostFigure(rows),
  };
}

export async function writeComparisonPage(
  path: string,
  { data, rows, failed, verdict }: ComparedTechniques,
): Promise<void> {
  const notes = [
    ...rows.flatMap(({ title, note }) => (note ? [`${title}: ${note}.`] : [])),
    ...failed.map(({ title, reason }) => `${title} failed: ${reason}`),
  ];
  const figures = comparisonFigures(rows);
  const lines = [...rows.map(cells), ...failed.map(({ title }) => [escapeHtml(title), "failed"])];
  const html = await reportPage(
    `Techniques compared on ${basename(data)}`,
    counted(rows[0]?.test.n ?? 0, "test image"),
    [
      {
        id: "table",
        title: "What each reaches and costs",
        blocks: [
          paragraph(`<b>${escapeHtml(verdict)}</b>`),
          table(HEAD, lines, "Measures of the test images with 95 % intervals; thresholds from validation."),
          ...notes.map((note) => paragraph(escapeHtml(note))),
        ],
      },
      {
        id: "figures",
        title: "Side by side",
        blocks: Object.entries(figures).map(([name, figure]) => ({ figure, caption: CAPTIONS[name] ?? "" })),
      },
    ],
    "histo compare",
  );
  await writeFileAtomically(path, html);
}

function cells({ title, test, testCi95, ...row }: ComparisonRow): string[] {
  return [
    escapeHtml(title),
    measured(test.rocAuc, test.rocAucCi95 ?? testCi95.rocAuc),
    ...MEASURES.map((name) => measured(test[name], testCi95[name])),
    countText(row.parameters),
    megabytes(row.diskBytes),
    `${(row.trainingMemoryBytes / 1e6).toFixed(0)} MB`,
    `${row.secondsPerEpoch.toFixed(2)} s`,
    `${row.latencyMs.toFixed(2)} ms`,
  ];
}
