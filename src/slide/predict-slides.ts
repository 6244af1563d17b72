/** @module Many slides, one after the other: a folder of results for each, a table of all, and metrics where there are labels. */
import { join } from "node:path";
import { messageOf } from "../errors/index";
import { csvField, csvForeignText, writeFileAtomically, writeJson } from "../files/index";
import { readModelDirectory } from "../model-directory/index";
import { AGGREGATIONS, type SlideMetrics, slideMetrics } from "./aggregation";
import type { ListedSlide } from "./find-slides";
import { isOfOneSlide, predictSlide, type SlideOptions, type SlideResult } from "./predict-slide";
import { readSlideLabels, type SlideLabel } from "./slide-labels";

/** What `histo slide --json` says of many slides. */
export interface SlidesResult {
  readonly out: string;
  readonly slides: readonly SlideResult[];
  readonly failed: readonly { readonly slide: string; readonly code: string; readonly message: string }[];
  readonly metrics: SlideMetrics | null;
}

const SLIDES_TABLE = "slides.csv";

/**
 * Predicts slides into folders of their names below `out`. One that cannot be read spoils no other.
 * @param labels CSV of slide, label and optional partition
 * @throws {InputError} codes of the model and of the labels; {Interrupted} when stopped
 */
export async function predictSlides(
  slides: readonly ListedSlide[],
  options: SlideOptions,
  labels?: string,
): Promise<SlidesResult> {
  const { card } = await readModelDirectory(options.model);
  const labelOf = labels === undefined ? () => undefined : await readSlideLabels(labels, card.classes);
  const results: SlideResult[] = [];
  const failed: SlidesResult["failed"][number][] = [];
  for (const { path, name } of slides) {
    try {
      results.push({ ...(await predictSlide(path, { ...options, out: join(options.out, name) })), slide: name });
    } catch (error) {
      if (!isOfOneSlide(error)) throw error;
      failed.push({ slide: name, code: error.code, message: messageOf(error) });
    }
    await writeFileAtomically(join(options.out, SLIDES_TABLE), table(results, failed, labelOf));
  }
  const labelled = results.flatMap((summary) => {
    const known = labelOf(summary.slide);
    return known ? [{ summary, label: known.label, validation: known.partition === "validation" }] : [];
  });
  const metrics = labelled.length > 0 ? slideMetrics(labelled) : null;
  if (metrics) await writeJson(join(options.out, "metrics.json"), metrics);
  return { out: options.out, slides: results, failed, metrics };
}

function table(
  results: readonly SlideResult[],
  failed: SlidesResult["failed"],
  labelOf: (slide: string) => SlideLabel | undefined,
): string {
  const aggregations = Object.entries(AGGREGATIONS);
  const names = aggregations.map(([name]) => name.replaceAll("-", "_"));
  const head = [
    "slide",
    "label",
    "partition",
    "tiles",
    "tissue_tiles",
    "failed_tiles",
    ...names,
    "low",
    "high",
    "problem",
  ];
  const rows = results.map((slide) => {
    const known = labelOf(slide.slide);
    const [low = "", high = ""] = slide.positiveShareCi95 ?? [];
    const scores = aggregations.map(([, aggregate]) => aggregate(slide) ?? "");
    const counts = [slide.tiles, slide.tissueTiles, slide.failedTiles];
    const problem = slide.remarks.join("; ");
    return [
      csvForeignText(slide.slide),
      known?.label ?? "",
      known?.partition ?? "",
      ...counts,
      ...scores,
      low,
      high,
      csvField(problem),
    ];
  });
  const lost = failed.map(({ slide, message }) => {
    const known = labelOf(slide);
    const nothing = Array<string>(head.length - 4).fill("");
    return [csvForeignText(slide), known?.label ?? "", known?.partition ?? "", ...nothing, csvField(message)];
  });
  return `${[head, ...rows, ...lost].map((row) => row.join(",")).join("\n")}\n`;
}
