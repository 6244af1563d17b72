/** @module Optional sections: another model, groups of images, and how validation and test images differ from training images. */
import { existsSync } from "node:fs";
import { type Comparison, definedMeasure, type Subgroup } from "../evaluation/index";
import { readJson } from "../files/index";
import { counted, decimal, escapeHtml, measured, paragraph, percent, table } from "../format/index";
import { differenceFigure, shiftFigure, subgroupFigure } from "../plots/index";
import type { Shifts } from "../shift/index";
import type { ReportFacts, Section } from "./facts";

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
  const chance = (isMore: boolean) => `${isMore ? "" : "no "}more than chance explains`;
  const [low, high] = delong.ci95;
  const isApart = low > 0 || high < 0;
  // With few images the standard error of the test is too small; the interval allows for that.
  const doubt = delong.p < 0.05 && !isApart ? ", which is too small with so few images" : "";
  const areas = Number.isFinite(delong.p)
    ? `ROC AUC <b>${decimal(delong.aucA)}</b> against ${decimal(delong.aucB)} of ${escapeHtml(name)}: a difference of ` +
      `${measured(delong.difference, delong.ci95)}, ${chance(isApart)} (DeLong, p = ${delong.p.toPrecision(2)}${doubt}).`
    : "areas cannot be compared: that needs two images of each class, or groups of them if there are groups.";
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
        `Only this model classifies ${counted(mcnemar.onlyA, "image")} correctly, only the other ${mcnemar.onlyB}: ${chance(mcnemar.p < 0.05)} ` +
          `(McNemar, p = ${mcnemar.p.toPrecision(2)}). Each model decides at its own threshold.`,
      ),
    ],
  };
}

export function subgroupSection({ results }: ReportFacts, { groups }: ReportExtras): Section | undefined {
  if (!groups) return undefined;
  const positive = escapeHtml(results.classes[1]);
  const rows = groups.table.map(({ group, n, positives, rocAuc, rocAucCi95, accuracy, accuracyCi95, ...measures }) => [
    escapeHtml(group),
    String(n),
    String(positives),
    measured(rocAuc, rocAucCi95),
    measured(accuracy, accuracyCi95),
    percent(definedMeasure("recall", measures)),
    percent(definedMeasure("specificity", measures)),
  ]);
  const drawn = groups.table.some(({ rocAuc }) => Number.isFinite(rocAuc));
  const head = [escapeHtml(groups.by), "images", positive, "ROC AUC", "accuracy", "sensitivity", "specificity"];
  const caption = "With 95 % intervals. Groups of one class have no area.";
  return {
    id: "groups",
    title: `By ${groups.by}`,
    blocks: [...(drawn ? [{ figure: subgroupFigure(groups.table), caption }] : []), table(head, rows)],
  };
}

/** Undefined for runs without this measure and for sets that are too small. */
export async function shiftSection({ results }: ReportFacts): Promise<Section | undefined> {
  const path = results.directory.shift;
  const shifts = existsSync(path) ? await readJson<Shifts>(path) : {};
  if (Object.keys(shifts).length === 0) return undefined;
  return {
    id: "shift",
    title: "Do validation and test images look like the training images?",
    blocks: [
      {
        figure: shiftFigure(shifts),
        caption: "A classifier of colours and textures tells the sets apart; at the dotted line it guesses.",
      },
      ...Object.values(shifts).map(({ says }) => paragraph(escapeHtml(says))),
    ],
  };
}
