/** @module Folds of cross-validation: the table's, or drawn so that each has its share of both classes. */
import { InputError } from "../errors/index";
import { Random } from "../random/index";
import { classKey } from "./classes";
import { inOrder } from "./partitions";
import { listed, quoted } from "./table";
import type { Dataset, Tile } from "./types";

/**
 * The folds of a set, in order. Its test images are in none.
 * @param seed of folds that are drawn
 * @throws {InputError} `DATA_FOLD_MISSING` where there are none, or where images are in none
 */
export function foldsOf(dataset: Dataset, seed: number): ReadonlyMap<string, ReadonlySet<Tile>> {
  const tiles = dataset.tiles.filter((tile) => tile.partition !== "test");
  const { folds: count } = dataset.options ?? {};
  const assigned = count === undefined ? tiles.map((tile) => tile.fold) : drawFolds(dataset, tiles, count, seed);
  const without = tiles.filter((_, i) => assigned[i] === undefined);
  if (without.length === tiles.length) {
    throw new InputError(
      "DATA_FOLD_MISSING",
      `--fold: ${dataset.table ?? dataset.directory} has no column of folds; name it with --fold-column, or have N folds drawn with --folds N.`,
    );
  }
  if (without.length > 0) {
    const names = without.map(({ name }) => name);
    throw new InputError(
      "DATA_FOLD_MISSING",
      `${dataset.table}: ${names.length} images that are not in test have no fold: ${listed(names, 5)}; give them one, or draw folds with --folds N.`,
    );
  }
  const names = [...new Set(assigned as string[])].sort(inOrder);
  return new Map(names.map((name) => [name, new Set(tiles.filter((_, i) => assigned[i] === name))]));
}

/**
 * The set with one fold as its validation partition and the others as train; test stays.
 * @throws {InputError} `DATA_FOLD_UNKNOWN`, naming the folds there are, or as {@link foldsOf}
 */
export function withFold(dataset: Dataset, fold: string | undefined, seed: number): Dataset {
  const folds = foldsOf(dataset, seed);
  const chosen = fold === undefined ? undefined : folds.get(classKey(fold));
  if (!chosen) {
    const names = [...folds.keys()].join(", ");
    const all = fold === "all" ? " (only histo train takes all of them)" : "";
    throw new InputError("DATA_FOLD_UNKNOWN", `Say which fold validates with --fold: one of ${names}${all}.`);
  }
  const tiles = dataset.tiles.map((tile): Tile => {
    if (tile.partition === "test") return tile;
    return { ...tile, partition: chosen.has(tile) ? "validation" : "train" };
  });
  return { ...dataset, tiles };
}

/** Names `1` to `count`, class by class in turn. */
function drawFolds({ classes, directory }: Dataset, tiles: readonly Tile[], count: number, seed: number): string[] {
  const assigned = new Array<string>(tiles.length);
  let next = 0;
  for (const label of [0, 1] as const) {
    const rows = [...tiles.keys()].filter((row) => tiles[row]?.label === label);
    if (rows.length < count) {
      throw new InputError(
        "DATA_TOO_SMALL",
        `--folds ${count}: ${directory} has ${rows.length} images of class ${quoted(classes[label])} outside test; give fewer folds.`,
      );
    }
    for (const index of new Random(seed, "folds", label).permutation(rows.length))
      assigned[rows[index] as number] = `${(next++ % count) + 1}`;
  }
  return assigned;
}
