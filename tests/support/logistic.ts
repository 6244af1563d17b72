/** @module Logistic regression in one call. */
import type { RowGroups } from "../../src/evaluation/index";
import { type LogisticFit, logisticFits } from "../../src/training/logistic-regression";

/** The result of {@link logisticFits}, without pauses. */
export function fitLogistic(
  x: ArrayLike<number>,
  labels: ArrayLike<number>,
  penalties?: readonly number[],
  repeats = 1,
  groups?: RowGroups,
): LogisticFit {
  const fits = logisticFits({ x, labels, penalties, repeats, groups });
  for (let step = fits.next(); ; step = fits.next()) if (step.done) return step.value;
}
