/** @module Aggregates tile probabilities to a slide score; validation slides select the method. */
import {
  type BinaryMetrics,
  binaryMetrics,
  type ChosenThreshold,
  chooseThreshold,
  rowGroups,
} from "../evaluation/index";
import type { SlideSummary } from "./predicted-slide";

/** Methods that give a slide one score from 0 to 1. */
export const AGGREGATIONS = {
  "mean-probability": (slide: SlideSummary) => slide.meanProbability,
  "positive-share": (slide: SlideSummary) => slide.positiveShare,
  "top-k": (slide: SlideSummary) => slide.topK?.meanProbability ?? null,
  "max-probability": (slide: SlideSummary) => slide.maxProbability,
} as const;

type Aggregation = keyof typeof AGGREGATIONS;

interface LabelledSlide {
  readonly summary: SlideSummary;
  /** 1 for the positive class. */
  readonly label: 0 | 1;
  readonly validation: boolean;
  /** Slides of the same patient depend on each other. */
  readonly patient?: string | undefined;
}

export interface SlideMetrics {
  readonly aggregation: Aggregation;
  /** Whether validation slides selected the method; else it is the first. */
  readonly chosenOnValidation: boolean;
  readonly threshold: number;
  readonly validation: BinaryMetrics | null;
  /** Results of the slides outside validation. */
  readonly test: BinaryMetrics | null;
}

/**
 * Selects the method with the largest AUC and its threshold on the validation slides, and measures both on the other
 * slides. Without validation slides of both classes, uses the mean probability at 0.5.
 */
export function slideMetrics(slides: readonly LabelledSlide[]): SlideMetrics {
  const usable = slides.filter(({ summary }) => summary.meanProbability !== null);
  const validation = usable.filter((slide) => slide.validation);
  const test = usable.filter((slide) => !slide.validation);
  const names = Object.keys(AGGREGATIONS) as Aggregation[];
  const scores = (some: readonly LabelledSlide[], name: Aggregation) =>
    Float64Array.from(some, ({ summary }) => AGGREGATIONS[name](summary) ?? 0);
  const labels = (some: readonly LabelledSlide[]) => Uint8Array.from(some, ({ label }) => label);
  const bothClasses = new Set(validation.map(({ label }) => label)).size === 2;
  const auc = (name: Aggregation) =>
    binaryMetrics(labels(validation), scores(validation, name), { interval: false }).rocAuc;
  const best = bothClasses ? names.reduce((a, b) => (auc(b) > auc(a) ? b : a)) : (names[0] as Aggregation);
  const chosen: Pick<ChosenThreshold, "threshold"> = bothClasses
    ? chooseThreshold(labels(validation), scores(validation, best))
    : { threshold: 0.5 };
  const measured = (some: readonly LabelledSlide[]) => {
    if (some.length === 0) return null;
    const groups = rowGroups(some.map(({ patient }) => patient));
    return binaryMetrics(labels(some), scores(some, best), { ...chosen, interval: { groups } });
  };
  return {
    aggregation: best,
    chosenOnValidation: bothClasses,
    threshold: chosen.threshold,
    validation: measured(validation),
    test: measured(test),
  };
}
