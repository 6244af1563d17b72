/** @module Predicts several slides: a folder of results per slide, a table of all, and metrics for labelled slides. */
import { join } from "node:path";
import { listed } from "../dataset/labels/index";
import { HistoError, InputError, messageOf } from "../errors/index";
import { csvField, csvForeignText, writeFileAtomically, writeJson } from "../files/index";
import { counted } from "../format/index";
import { readModelDirectory } from "../model-directory/index";
import { silentProgress } from "../progress/index";
import { AGGREGATIONS, type SlideMetrics, slideMetrics } from "./aggregation";
import type { ListedSlide } from "./find-slides";
import { predictSlide } from "./predict-slide";
import { readSlideLabels, type SlideLabel } from "./slide-labels";
import type { SlideOptions, SlideOutcome, SlideResult } from "./slide-options";

/** The output of `histo slide --json` for several slides. */
export interface SlidesResult {
  readonly out: string;
  readonly slides: readonly SlideResult[];
  readonly failed: readonly { readonly slide: string; readonly code: string; readonly message: string }[];
  readonly metrics: SlideMetrics | null;
}

const SLIDES_TABLE = "slides.csv";

interface SlidesOptions extends SlideOptions {
  /** CSV of slide, label and optional partition. */
  readonly labels?: string | undefined;
  /** Address of Redis, whose workers (`histo worker --slides`) predict the slides. Default: this process does. */
  readonly redis?: string | undefined;
}

/**
 * Predicts slides into folders of their names in `out`. Continues after unreadable slides.
 * @throws {InputError} codes of the model and of the labels; {HistoError} `REDIS_UNREACHABLE`; {Interrupted} if stopped
 */
export async function predictSlides(
  slides: readonly ListedSlide[],
  { labels, redis, ...options }: SlidesOptions,
): Promise<SlidesResult> {
  const { card } = await readModelDirectory(options.model);
  const table = labels === undefined ? undefined : await readSlideLabels(labels, card.classes);
  const labelOf = (slide: string) => table?.labelOf(slide);
  if (table && !slides.some(({ name }) => labelOf(name))) {
    const message = `${labels} has no label for any slide; it must name them as their files, such as ${slides[0]?.name}.`;
    throw new InputError("SLIDE_LABELS", message);
  }
  const beside = table?.namesBeside(slides.map(({ name }) => name)) ?? [];
  if (beside.length > 0) {
    options.progress?.say(`${labels}: ${counted(beside.length, "label")} of no slide here: ${listed(beside, 5)}.`);
  }
  const done = new Map<string, SlideOutcome["outcome"]>();
  let [results, failed]: [SlideResult[], SlidesResult["failed"]] = [[], []];
  for await (const { name, outcome } of redis === undefined
    ? predictLocally(slides, options)
    : predictByWorkers(slides, options, redis)) {
    done.set(name, outcome);
    const inOrder = slides.flatMap((slide) => {
      const one = done.get(slide.name);
      return one ? [{ ...one, slide: slide.name }] : [];
    });
    results = inOrder.filter((one) => "work" in one);
    failed = inOrder.filter((one) => "code" in one);
    await writeFileAtomically(join(options.out, SLIDES_TABLE), tableOf(results, failed, labelOf));
  }
  const labelled = results.flatMap((summary) => {
    const known = labelOf(summary.slide);
    // The model has learned from slides for training, which say nothing about others.
    if (!known || known.partition === "train") return [];
    const { label, patient, partition } = known;
    return [{ summary, label, patient, validation: partition === "validation" }];
  });
  const metrics = labelled.length > 0 ? slideMetrics(labelled) : null;
  if (metrics) await writeJson(join(options.out, "metrics.json"), metrics);
  return { out: options.out, slides: results, failed, metrics };
}

async function* predictLocally(slides: readonly ListedSlide[], options: SlideOptions): AsyncGenerator<SlideOutcome> {
  for (const { path, name } of slides) {
    try {
      yield { name, outcome: await predictSlide(path, { ...options, out: join(options.out, name) }) };
    } catch (error) {
      if (!isOfOneSlide(error)) throw error;
      yield { name, outcome: { code: error.code, message: messageOf(error) } };
    }
  }
}

/** True for errors after which other slides can still be predicted. */
function isOfOneSlide(error: unknown): error is HistoError {
  return (
    error instanceof HistoError && !["INTERRUPTED", "DISK_FULL", "OUT_UNUSABLE", "OUT_IN_USE"].includes(error.code)
  );
}

/** Lets workers predict the slides, and yields them as they are finished. */
async function* predictByWorkers(
  slides: readonly ListedSlide[],
  { progress = silentProgress, signal = new AbortController().signal, ...options }: SlideOptions,
  redis: string,
): AsyncGenerator<SlideOutcome> {
  const { handOut } = await import("./queue/index.js");
  const { model, out, mpp, slideMpp, overlap, leastTissue, bitDepth, profile, frame, dzi } = options;
  const settings = { model, mpp, slideMpp, overlap, leastTissue, bitDepth, profile, frame, dzi };
  const orders = slides.map(({ name, path }) => ({ name, path, settings: { ...settings, out: join(out, name) } }));
  const task = progress.start("Slides", slides.length, "slides");
  let count = 0;
  for await (const returned of handOut(orders, { redis, progress, signal })) {
    task.update(++count);
    yield returned;
  }
  task.finish(counted(count, "slide"));
}

function tableOf(
  results: readonly SlideResult[],
  failed: SlidesResult["failed"],
  labelOf: (slide: string) => SlideLabel | undefined,
): string {
  const aggregations = Object.entries(AGGREGATIONS);
  const names = aggregations.map(([name]) => name.replaceAll("-", "_"));
  const head = `slide,label,partition,tiles,tissue_tiles,failed_tiles,${names},low,high,unlike_training_share,problem`;
  const rowOf = (slide: string, values: readonly (string | number)[], problem: string) => {
    const { label = "", partition = "" } = labelOf(slide) ?? {};
    return [csvForeignText(slide), label, partition, ...values, csvField(problem)].join(",");
  };
  const rows = results.map((one) => {
    const [low = "", high = ""] = one.positiveShareCi95 ?? [];
    const counts = [one.tiles, one.tissueTiles, one.failedTiles];
    const scores = aggregations.map(([, aggregate]) => aggregate(one) ?? "");
    const values = [...counts, ...scores, low, high, one.unlikeTraining?.share ?? ""];
    return rowOf(one.slide, values, one.remarks.join("; "));
  });
  const nothing = Array<string>(6 + names.length).fill("");
  const lost = failed.map(({ slide, message }) => rowOf(slide, nothing, message));
  return `${[head, ...rows, ...lost].join("\n")}\n`;
}
