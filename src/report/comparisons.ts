/** @module Optional sections: comparison with another model, and results by group. */
import type { Comparison, Subgroup } from "../evaluation/index";
import { counted, decimal, percent } from "../format/index";
import { bracket, escapeHtml, paragraph, table } from "../html/index";
import { differenceFigure, subgroupFigure } from "../plots/index";
import type { ReportFacts } from "./facts";
import type { Section } from "./section";

/** Optional contents of a report. */
export interface ReportExtras {
  /** Comparison with the named run. */
  readonly comparison?: Comparison & { readonly name: string };
  /** Measures by group, and the name of the grouping. */
  readonly groups?: { readonly by: string; readonly table: readonly Subgroup[] };
}

export function comparisonSection({ results }: ReportFacts, { comparison }: ReportExtras): Section | undefined {
  if (!comparison) return undefined;
  const { delong, mcnemar, differences, n, name } = comparison;
  const chance = (p: number) => (p < 0.05 ? "more than chance explains" : "no more than chance explains");
  const areas = Number.isFinite(delong.p)
    ? `ROC AUC <b>${decimal(delong.aucA)}</b> against ${decimal(delong.aucB)} of ${escapeHtml(name)}: a difference of ` +
      `${decimal(delong.difference)} ${bracket(delong.ci95)}, ${chance(delong.p)} (DeLong, p = ${delong.p.toPrecision(2)}).`
    : "areas cannot be compared: that needs two images of each class.";
  return {
    id: "comparison",
    title: "Against another model",
    blocks: [
      {
        figure: differenceFigure(differences, [results.name, name]),
        caption: "Differences on the same images with 95 % intervals; right of the dotted line this model is ahead.",
      },
      paragraph(`On ${counted(n, "image")}, ${areas}`),
      paragraph(
        `Only this model classifies ${counted(mcnemar.onlyA, "image")} correctly, only the other ${mcnemar.onlyB}: ${chance(mcnemar.p)} ` +
          `(McNemar, p = ${mcnemar.p.toPrecision(2)}). Each model decides at its own threshold.`,
      ),
    ],
  };
}

export function subgroupSection({ results }: ReportFacts, { groups }: ReportExtras): Section | undefined {
  if (!groups) return undefined;
  const positive = escapeHtml(results.classes[1]);
  const rows = groups.table.map(
    ({ group, n, positives, rocAuc, rocAucCi95, accuracy, accuracyCi95, recall, specificity }) => [
      escapeHtml(group),
      String(n),
      String(positives),
      `${decimal(rocAuc)} ${bracket(rocAucCi95)}`,
      `${decimal(accuracy)} ${bracket(accuracyCi95)}`,
      percent(recall),
      percent(specificity),
    ],
  );
  const drawn = groups.table.some(({ rocAuc }) => Number.isFinite(rocAuc));
  const head = [escapeHtml(groups.by), "images", positive, "ROC AUC", "accuracy", "sensitivity", "specificity"];
  const caption = "With 95 % intervals. Groups of one class have no area.";
  return {
    id: "groups",
    title: `By ${groups.by}`,
    blocks: [...(drawn ? [{ figure: subgroupFigure(groups.table), caption }] : []), table(head, rows)],
  };
}
