/** @module Held-out partitions and folds (from the table, or drawn): stratified by class, by whole groups, reproducible by seed. */
import { InputError } from "../errors/index";
import { counted } from "../format/index";
import { Random } from "../random/index";
import { classKey } from "./classes";
import { dealOut, unitsOf } from "./groups";
import { inOrder } from "./partitions";
import { listed, quoted } from "./table";
import type { Dataset, Partition, Tile } from "./types";

export interface SplitOptions {
  /** Share of the training tiles of each class to hold out. Default: 0.2. */
  readonly fraction?: number | undefined;
  readonly seed: number;
}

/**
 * Holds out a validation set from train, and a test set with a note, unless the data set has them. If the options choose a fold,
 * it becomes the validation set. Keeps the order of the tiles.
 * @throws {InputError} `DATA_TOO_SMALL` when a class has too few training tiles, `DATA_PARTITION_ONE_CLASS`,
 *   `DATA_FOLD_MISSING` or `DATA_FOLD_UNKNOWN`
 */
export function splitValidation(dataset: Dataset, { fraction = 0.2, seed }: SplitOptions): Dataset {
  if (!(fraction > 0 && fraction < 1)) throw new RangeError("The held-out fraction must lie between 0 and 1.");
  const { fold, folds } = dataset.options ?? {};
  const whole = withTest(dataset, fraction, seed);
  let { tiles } = whole;
  if (fold !== undefined || folds !== undefined) tiles = withFold(whole, fold, seed);
  else if (!has(whole, "validation")) tiles = holdOut(dataset, tiles, "validation", fraction, seed);
  for (const partition of ["train", "validation", "test"] as const) {
    const labels = new Set(tiles.filter((tile) => tile.partition === partition).map((tile) => tile.label));
    if (labels.size === 1) {
      const missing = dataset.classes[labels.has(0) ? 1 : 0];
      const message = `The ${partition} partition of ${dataset.directory} has no image of class "${missing}"; both classes are needed in each partition.`;
      throw new InputError("DATA_PARTITION_ONE_CLASS", message);
    }
  }
  return { ...whole, tiles };
}

/** The set with a test partition: its own, or a held-out one with a note. */
function withTest(dataset: Dataset, fraction: number, seed: number): Dataset {
  if (has(dataset, "test")) return { ...dataset, notes: dataset.notes ?? [] };
  const tiles = holdOut(dataset, dataset.tiles, "test", fraction, seed);
  const note = `${dataset.name} has no test partition: ${count(tiles, "test")} of its ${counted(tiles.length, "image")} were held out for it (stratified, seed ${seed}).`;
  return { ...dataset, tiles, notes: [...(dataset.notes ?? []), note] };
}

/**
 * The names of the folds that {@link splitValidation} uses, in order.
 * @throws {InputError} `DATA_FOLD_MISSING`, or `DATA_TOO_SMALL` if no test set can be held out
 */
export function foldNames(dataset: Dataset, { fraction = 0.2, seed }: SplitOptions): string[] {
  return [...foldsOf(withTest(dataset, fraction, seed), seed).keys()];
}

function has({ tiles }: Dataset, partition: Partition): boolean {
  return tiles.some((tile) => tile.partition === partition);
}

/** Positions in `tiles` of the tiles of one partition. */
export function positionsIn(dataset: Dataset, partition: Partition): number[] {
  return dataset.tiles.flatMap((tile, position) => (tile.partition === partition ? [position] : []));
}

function count(tiles: readonly Tile[], partition: Partition): number {
  return tiles.filter((tile) => tile.partition === partition).length;
}

function holdOut(
  dataset: Dataset,
  tiles: readonly Tile[],
  into: Partition,
  fraction: number,
  seed: number,
): readonly Tile[] {
  const train = tiles.filter((tile) => tile.partition === "train");
  const grouped = train.some((tile) => tile.group !== undefined);
  const chosen = grouped ? groupsFor(train, into, fraction, seed) : tilesFor(train, into, fraction, seed);
  for (const label of [0, 1] as const) {
    const left = train.filter((tile) => tile.label === label);
    const held = left.filter((tile) => chosen.has(tile)).length;
    if (held > 0 && held < left.length) continue;
    const images = `${counted(left.length, "training image")} of class "${dataset.classes[label]}"`;
    const within = grouped ? ` in ${counted(unitsOf(left).length, "group")}` : "";
    const message = `${dataset.directory} has ${images}${within} left where a ${into} set must be held out; add more.`;
    throw new InputError("DATA_TOO_SMALL", message);
  }
  return tiles.map((tile) => (chosen.has(tile) ? { ...tile, partition: into } : tile));
}

function tilesFor(train: readonly Tile[], into: Partition, fraction: number, seed: number): ReadonlySet<Tile> {
  const chosen = new Set<Tile>();
  for (const label of [0, 1] as const) {
    const ofClass = train.filter((tile) => tile.label === label);
    const size = Math.min(ofClass.length - 1, Math.max(1, Math.round(ofClass.length * fraction)));
    const order = new Random(seed, "split", into, label).permutation(ofClass.length);
    for (const index of order.subarray(0, Math.max(0, size))) chosen.add(ofClass[index] as Tile);
  }
  return chosen;
}

/** Chooses groups with about the right share of each class. */
function groupsFor(train: readonly Tile[], into: Partition, fraction: number, seed: number): ReadonlySet<Tile> {
  const units = unitsOf(train);
  const order = new Random(seed, "split", into, "groups").permutation(units.length);
  const shuffled = Array.from(order, (index) => units[index] as Tile[]);
  const parts = dealOut(shuffled, [1 - fraction, fraction]);
  // Of few groups, each can be larger than the share to hold out: the smallest one is held out nevertheless.
  for (const label of [0, 1] as const) {
    const own = [...shuffled.keys()].filter((i) => shuffled[i]?.some((tile) => tile.label === label));
    if (own.length < 2 || own.some((i) => parts[i] === 1)) continue;
    const sizeOf = (i: number) => (shuffled[i] as Tile[]).length;
    parts[own.reduce((least, i) => (sizeOf(i) < sizeOf(least) ? i : least))] = 1;
  }
  return new Set(shuffled.filter((_, i) => parts[i] === 1).flat());
}

/**
 * The folds of a set, in order. Test images are in no fold.
 * @param seed for drawing folds
 * @throws {InputError} `DATA_FOLD_MISSING` if there are no folds, or images without a fold
 */
function foldsOf(dataset: Dataset, seed: number): ReadonlyMap<string, ReadonlySet<Tile>> {
  const tiles = dataset.tiles.filter((tile) => tile.partition !== "test");
  const { folds: count } = dataset.options ?? {};
  const assigned = count === undefined ? tiles.map((tile) => tile.fold) : drawFolds(dataset, tiles, count, seed);
  const without = tiles.filter((_, i) => assigned[i] === undefined);
  if (without.length === tiles.length) {
    const message = `--fold: ${dataset.table ?? dataset.directory} has no column of folds; name it with --fold-column, or draw N folds with --folds N.`;
    throw new InputError("DATA_FOLD_MISSING", message);
  }
  if (without.length > 0) {
    const names = without.map(({ name }) => name);
    const message = `${dataset.table}: no fold for ${counted(names.length, "image")} outside test: ${listed(names, 5)}; give them one, or draw folds with --folds N.`;
    throw new InputError("DATA_FOLD_MISSING", message);
  }
  const names = [...new Set(assigned as string[])].sort(inOrder);
  return new Map(names.map((name) => [name, new Set(tiles.filter((_, i) => assigned[i] === name))]));
}

/**
 * The tiles with one fold as the validation partition and the others as train; test does not change.
 * @throws {InputError} `DATA_FOLD_UNKNOWN`, listing the folds, or as {@link foldsOf}
 */
function withFold(dataset: Dataset, fold: string | undefined, seed: number): Tile[] {
  const folds = foldsOf(dataset, seed);
  const chosen = fold === undefined ? undefined : folds.get(classKey(fold));
  if (!chosen) {
    const names = [...folds.keys()].join(", ");
    const all = fold === "all" ? " (only histo train accepts all)" : "";
    throw new InputError("DATA_FOLD_UNKNOWN", `Choose the fold to validate on with --fold: one of ${names}${all}.`);
  }
  return dataset.tiles.map((tile): Tile => {
    if (tile.partition === "test") return tile;
    return { ...tile, partition: chosen.has(tile) ? "validation" : "train" };
  });
}

/** Draws folds named `1` to `count`; images of a group are in the same fold. */
function drawFolds({ classes, directory }: Dataset, tiles: readonly Tile[], count: number, seed: number): string[] {
  const units = unitsOf(tiles);
  for (const label of [0, 1] as const) {
    const ofClass = units.filter((unit) => unit.some((tile) => tile.label === label)).length;
    if (ofClass >= count) continue;
    const [one, many] = tiles.some((tile) => tile.group !== undefined)
      ? ["group with images", "groups with images"]
      : ["image", "images"];
    const remedy = ofClass < 2 ? "folds need two of them" : "give fewer folds";
    const message = `--folds ${count}: ${directory} has ${counted(ofClass, one, many)} of class ${quoted(classes[label])} outside test; ${remedy}.`;
    throw new InputError("DATA_TOO_SMALL", message);
  }
  const shuffled = Array.from(new Random(seed, "folds").permutation(units.length), (index) => units[index] as Tile[]);
  const parts = dealOut(shuffled, new Array<number>(count).fill(1 / count));
  const foldOf = new Map(shuffled.flatMap((unit, i) => unit.map((tile) => [tile, `${(parts[i] as number) + 1}`])));
  return tiles.map((tile) => foldOf.get(tile) as string);
}
