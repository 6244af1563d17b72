/** @module Differences between partitions. */
import type { Interval } from "../evaluation/index";
import type { Figure } from "./figure";
import { intervalFigure } from "./intervals";

/** A set of images compared with the training images. */
interface SetShift {
  readonly images: readonly [train: number, set: number];
  /** ROC AUC of a classifier that tells the two apart. */
  readonly auc: number;
  readonly ci95: Interval;
}

/** How well a classifier tells each set of images from the training images, with 95 % intervals. The dotted line is chance. */
export function shiftFigure(shifts: Readonly<Record<string, SetShift>>): Figure {
  const rows = Object.entries(shifts).map(([name, { auc, ci95, images }]) => ({
    name: `${name} (${images[1]})`,
    value: auc,
    interval: ci95,
  }));
  return intervalFigure("How far images differ from the training images", rows, {
    title: "ROC AUC of telling them apart",
    reference: 0.5,
    range: [0.3, 1.02],
  });
}
