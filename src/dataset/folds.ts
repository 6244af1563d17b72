/** @module Folds of cross-validation: from the table, or drawn and stratified by class. */
import { InputError } from "../errors/index";
import { counted } from "../format/index";
import { Random } from "../random/index";
import { classKey } from "./classes";
import { dealOut, unitsOf } from "./groups";
import { inOrder } from "./partitions";
import { listed, quoted } from "./table";
import type { Dataset, Tile } from "./types";

/**
 * The folds of a set, in order. Test images are in no fold.
 * @param seed for drawing folds
 * @throws {InputError} `DATA_FOLD_MISSING` if there are no folds, or images without a fold
 */
export function foldsOf(dataset: Dataset, seed: number): ReadonlyMap<string, ReadonlySet<Tile>> {
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
 * The set with one fold as its validation partition and the others as train; test does not change.
 * @throws {InputError} `DATA_FOLD_UNKNOWN`, listing the folds, or as {@link foldsOf}
 */
export function withFold(dataset: Dataset, fold: string | undefined, seed: number): Dataset {
  const folds = foldsOf(dataset, seed);
  const chosen = fold === undefined ? undefined : folds.get(classKey(fold));
  if (!chosen) {
    const names = [...folds.keys()].join(", ");
    const all = fold === "all" ? " (only histo train accepts all)" : "";
    throw new InputError("DATA_FOLD_UNKNOWN", `Choose the fold to validate on with --fold: one of ${names}${all}.`);
  }
  const tiles = dataset.tiles.map((tile): Tile => {
    if (tile.partition === "test") return tile;
    return { ...tile, partition: chosen.has(tile) ? "validation" : "train" };
  });
  return { ...dataset, tiles };
}

/** Draws folds named `1` to `count`; images of a group are in the same fold. */
function drawFolds({ classes, directory }: Dataset, tiles: readonly Tile[], count: number, seed: number): string[] {
  const units = unitsOf(tiles);
  for (const label of [0, 1] as const) {
    const ofClass = units.filter((unit) => unit.some((tile) => tile.label === label)).length;
    if (ofClass >= count) continue;
    const grouped = tiles.some((tile) => tile.group !== undefined) ? "groups with images" : "images";
    const message = `--folds ${count}: ${directory} has ${ofClass} ${grouped} of class ${quoted(classes[label])} outside test; give fewer folds.`;
    throw new InputError("DATA_TOO_SMALL", message);
  }
  const shuffled = Array.from(new Random(seed, "folds").permutation(units.length), (index) => units[index] as Tile[]);
  const parts = dealOut(shuffled, new Array<number>(count).fill(1 / count));
  const foldOf = new Map(shuffled.flatMap((unit, i) => unit.map((tile) => [tile, `${(parts[i] as number) + 1}`])));
  return tiles.map((tile) => foldOf.get(tile) as string);
}
