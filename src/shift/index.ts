/** @module Compares the training images of a data set with those of its other partitions, and with further images. */
import { spreadOver } from "../collections/index";
import type { PixelStore, Tile } from "../dataset/index";
import { solveCholesky } from "../eigen/index";
import { crossValidatedArea, fewestUnits, foldsInTurn, type RowGroups, rowGroups } from "../evaluation/index";
import { type Look, looksAt, mean, meanOf, STRUCTURES, scaled, scalingOf, TEXTURES } from "../familiar/index";
import { bounds } from "../format/index";

/** A measure in which the sets differ. */
export interface ShiftedMeasure {
  /** Such as `mean red`. */
  readonly measure: string;
  /** Mean of the second set minus that of the first, in standard deviations within the sets. */
  readonly difference: number;
}

export interface Shift {
  readonly images: readonly [number, number];
  readonly auc: number;
  readonly ci95: readonly [number, number];
  /** The area is above 0.5 by more than chance explains, and noticeably. */
  readonly differs: boolean;
  /** The measures that differ most, at most three. */
  readonly measures: readonly ShiftedMeasure[];
}

export type Measured = Pick<Look, "features">;

const FOLDS = 5;
/** Least number of images of each set: with fewer, the interval would be too wide. */
const FEWEST = 20;
/** Added to the variances of the scaled features. */
const RIDGE = 0.1;
/** Sets differ if the interval is above one half and the area above this. */
const NOTICEABLE = 0.55;
/** Sets may differ if the interval reaches above this. */
const UNCLEAR = 0.75;
const SMALLEST_DEVIATION = 1e-6;
/** Least difference to report, in standard deviations: Cohen's small effect. */
const SMALL_EFFECT = 0.2;

/**
 * Tests whether two sets of images look alike: trains a classifier to distinguish them and measures its area under the ROC curve
 * on held-out images. 0.5: indistinguishable; 1: perfectly distinguishable.
 * @param groups of dependent images of both sets, those of `first` first
 * @returns undefined if one has fewer than 20 images, or its images are all of one group
 * @see Lopez-Paz and Oquab 2017, "Revisiting Classifier Two-Sample Tests"
 */
export function measureShift(
  first: readonly Measured[],
  second: readonly Measured[],
  groups?: RowGroups,
): Shift | undefined {
  if (Math.min(first.length, second.length) < FEWEST) return undefined;
  const looks = [...first, ...second];
  const labels = looks.map((_, i) => Number(i >= first.length));
  const features = looks.map((look) => look.features);
  const scaling = scalingOf(features, SMALLEST_DEVIATION);
  const rows = features.map((row) => scaled(row, scaling));
  const folds = foldsOf(labels, groups);
  const scores = new Float64Array(looks.length);
  for (const fold of new Set(folds)) {
    const seenOf = (label: number) => rows.filter((_, i) => folds[i] !== fold && labels[i] === label);
    const [seenFirst, seenSecond] = [seenOf(0), seenOf(1)];
    if (seenFirst.length === 0 || seenSecond.length === 0) return undefined;
    const score = discriminant(seenFirst, seenSecond);
    for (const [i, row] of rows.entries()) if (folds[i] === fold) scores[i] = score(row);
  }
  const { auc, ci95 } = crossValidatedArea({ labels, groups }, scores, folds);
  return {
    images: [first.length, second.length],
    auc,
    ci95,
    differs: ci95[0] > 0.5 && auc > NOTICEABLE,
    measures: differences(first, second),
  };
}

/**
 * The folds of the images of two sets (labels 0 and 1): the groups of each are dealt out in turn, so that a fold has images of both.
 * As many as the set with fewer groups has, if these are few.
 */
function foldsOf(labels: readonly number[], groups: RowGroups | undefined): number[] {
  return foldsInTurn(labels, groups, Math.min(FOLDS, fewestUnits({ labels, groups })));
}

/** Describes a shift in a sentence. @param names of the sets, such as `train` and `test` */
export function describeShift([first, second]: readonly [string, string], shift: Shift): string {
  const figures = `AUC ${shift.auc.toFixed(2)}, 95 % ${bounds(shift.ci95, 2)}`;
  if (!shift.differs) {
    const able = shift.auc < 0.5 ? "does no better than guessing" : "can hardly tell them apart";
    return shift.ci95[1] > UNCLEAR
      ? `Whether the ${first} and ${second} images look alike is not clear: a classifier ${able} (${figures}), but they are too few, or of too few patients or slides, to be sure.`
      : `The ${first} and ${second} images look alike: a classifier ${able} (${figures}).`;
  }
  const most = shift.measures.map(
    ({ measure, difference }) => `${measure} ${difference > 0 ? "+" : ""}${difference.toFixed(1)}`,
  );
  const where = most.length > 0 ? ` Largest differences, in deviations: ${most.join(", ")}.` : "";
  return `The ${first} and ${second} images differ: a classifier tells them apart (${figures}), so that a model may do worse on the ${second} images.${where}`;
}

/** Linear discriminant between two sets with a ridge (Fisher 1936; Friedman 1989). @returns the score of a row */
function discriminant(a: readonly Float64Array[], b: readonly Float64Array[]): (row: Float64Array) => number {
  const width = (a[0] as Float64Array).length;
  const [meanA, meanB] = [meanOf(a, width), meanOf(b, width)];
  const within = new Float64Array(width * width);
  for (const [rows, centre] of [
    [a, meanA],
    [b, meanB],
  ] as const) {
    for (const row of rows) {
      const away = row.map((value, i) => value - (centre[i] as number));
      for (let i = 0; i < width; i++) {
        for (let j = 0, at = i * width; j <= i; j++, at++) within[at]! += away[i]! * away[j]!;
      }
    }
  }
  const count = a.length + b.length;
  const lower = within.map((sum) => sum / count);
  for (let i = 0; i < width; i++) lower[i * width + i]! += RIDGE;
  const apart = meanB.map((value, i) => value - meanA[i]!);
  const weights = solveCholesky(lower, apart, width);
  return (row) => row.reduce((sum, value, j) => sum + weights[j]! * (value - (meanA[j]! + meanB[j]!) / 2), 0);
}

/** The named measures that differ most. */
function differences(first: readonly Measured[], second: readonly Measured[]): ShiftedMeasure[] {
  const groups = ((first[0] as Measured).features.length - TEXTURES - STRUCTURES) / 6;
  const named = ["red", "green", "blue"].flatMap((colour, channel) =>
    [
      ["mean", 15],
      ["contrast of", 16],
      ["fine texture of", groups - 1],
    ].map(([what, group]) => ({ measure: `${what} ${colour}`, feature: 6 * (group as number) + channel })),
  );
  return named
    .map(({ measure, feature }) => {
      const [a, b] = [first, second].map((looks) => looks.map(({ features }) => features[feature] as number)) as [
        number[],
        number[],
      ];
      const [ma, mb] = [mean(a), mean(b)];
      const within = mean([...a.map((value) => (value - ma) ** 2), ...b.map((value) => (value - mb) ** 2)]);
      return { measure, difference: (mb - ma) / Math.max(Math.sqrt(within), SMALLEST_DEVIATION) };
    })
    .filter(({ difference }) => Math.abs(difference) >= SMALL_EFFECT)
    .sort((a, b) => Math.abs(b.difference) - Math.abs(a.difference))
    .slice(0, 3);
}

/** The images to compare; `new`: images that are not in the data set. */
type Compared = "validation" | "test" | "new";

/** Results by name; without sets that have too few images. */
export type Shifts = Readonly<Partial<Record<Compared, Shift & { readonly says: string }>>>;

/** Largest number of images of a partition. */
const MOST_COMPARED = 500;

/** Compares a set's partitions with its training images. @param further measures of other images */
export function measureShifts(tiles: readonly Tile[], store: PixelStore, further: readonly Measured[] = []): Shifts {
  const of = (partition: Tile["partition"]) => {
    const ofPartition = tiles.filter((tile) => tile.partition === partition);
    const sample = spreadOver(ofPartition, MOST_COMPARED);
    const positions = sample.map(({ name }) => store.positionOf(name));
    return { looks: looksAt(store, positions), groups: sample.map(({ group }) => group) };
  };
  const train = of("train");
  // Each further image is a group of its own, as nothing else is known.
  const others = {
    validation: of("validation"),
    test: of("test"),
    new: { looks: further, groups: further.map(() => undefined) },
  };
  const shifts: { -readonly [name in Compared]?: Shifts[name] } = {};
  for (const [name, { looks, groups }] of Object.entries(others) as [Compared, ReturnType<typeof of>][]) {
    const shift = measureShift(train.looks, looks, rowGroups([...train.groups, ...groups]));
    if (shift) shifts[name] = { ...shift, says: describeShift(["train", name], shift) };
  }
  return shifts;
}
