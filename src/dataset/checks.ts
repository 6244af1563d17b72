/** @module Checks of a data set before training: leakage, label conflicts, blank and unusual tiles. */
import { countValues, groupBy, upperMedian } from "../collections/index";
import { type AcrossPartitions, summarizeGroups } from "./groups";
import { type NearDuplicate, nearDuplicates } from "./near-duplicates";
import { type TileStatistics, tileStatistics } from "./statistics";
import { listed } from "./table";
import type { Dataset, PixelStore, Tile } from "./types";

export interface DuplicateGroup {
  readonly names: readonly string[];
  /** They are in different partitions: a leak from train to test. */
  readonly acrossPartitions: boolean;
  /** They have different labels. */
  readonly labelConflict: boolean;
}

export interface PixelChecks {
  readonly duplicates: {
    /** Groups with equal pixels. */
    readonly exact: readonly DuplicateGroup[];
    /** Pairs that show the same with different pixels: recompressed, recoloured, rotated or mirrored. */
    readonly near: readonly (DuplicateGroup & { readonly similarity: number })[];
    readonly acrossPartitions: number;
    readonly labelConflicts: number;
  };
  /** Tiles of a uniform colour, such as empty background. */
  readonly blank: readonly string[];
  /** Tiles of a size other than the most frequent one. */
  readonly oddSizes: readonly string[];
  /** Tiles far darker or brighter than the rest (robust z-score above 5). */
  readonly brightnessOutliers: readonly string[];
  /** Number of tiles by `WIDTHxHEIGHT`, most frequent first. */
  readonly sizes: Readonly<Record<string, number>>;
}

const BLANK_CONTRAST = 5;
const OUTLIER_Z = 5;

/** Runs all checks on a packed data set. @param statistics of all tiles, if already computed */
export function checkPixels(
  dataset: Dataset,
  store: PixelStore,
  statistics: TileStatistics = tileStatistics(store),
): PixelChecks {
  const tileAt = tilesByPosition(dataset, store);
  const blankRows = new Set(
    [...statistics.contrast.keys()].filter((row) => (statistics.contrast[row] as number) < BLANK_CONTRAST),
  );
  const exact = exactDuplicates(dataset, store, tileAt);
  const near = nearDuplicates(statistics, blankRows)
    .filter(({ first, second }: NearDuplicate) => store.pixelHashes[first] !== store.pixelHashes[second])
    .map(({ first, second, similarity }) => ({ ...groupOf([tileAt(first), tileAt(second)]), similarity }));
  const all: DuplicateGroup[] = [...exact, ...near];
  const sizes = Object.fromEntries(countValues(store.originalSizes.map((size) => size.join("x"))));
  const [usual] = Object.keys(sizes);
  return {
    duplicates: {
      exact,
      near,
      acrossPartitions: all.filter((group) => group.acrossPartitions).length,
      labelConflicts: all.filter((group) => group.labelConflict).length,
    },
    blank: [...blankRows].map((row) => statistics.names[row] as string),
    oddSizes: store.names.filter((_, position) => store.originalSizes[position]?.join("x") !== usual),
    brightnessOutliers: outliers(statistics.brightness).map((row) => statistics.names[row] as string),
    sizes,
  };
}

/** Groups of tiles with equal pixels. */
export function exactDuplicates(
  dataset: Dataset,
  store: PixelStore,
  tileAt = tilesByPosition(dataset, store),
): DuplicateGroup[] {
  const alike = groupBy(store.pixelHashes.keys(), (position) => store.pixelHashes[position]);
  return [...alike.values()].filter((rows) => rows.length > 1).map((rows) => groupOf(rows.map(tileAt)));
}

/** What several partitions share, which leaks from train to test; undefined if they share nothing. */
export function countAcrossPartitions(
  dataset: Dataset,
  duplicates: readonly DuplicateGroup[],
): AcrossPartitions | undefined {
  const groups = summarizeGroups(dataset)?.acrossPartitions.length ?? 0;
  const pictures = duplicates.filter(({ acrossPartitions }) => acrossPartitions).length;
  return groups + pictures > 0 ? { groups, pictures } : undefined;
}

/** Notes about pictures that are in several partitions or have both labels. */
export function duplicateNotes(groups: readonly DuplicateGroup[]): string[] {
  const note = (kind: "acrossPartitions" | "labelConflict", where: string) => {
    const [first, ...more] = groups.filter((group) => group[kind]);
    const count = more.length + 1;
    return first
      ? [`Pictures that occur ${where}: ${count}, such as ${listed(first.names, 3)} (histo eda lists all).`]
      : [];
  };
  return [
    ...note("acrossPartitions", "in more than one partition, so that results are too good"),
    ...note("labelConflict", "with both labels"),
  ];
}

function tilesByPosition(dataset: Dataset, store: PixelStore): (position: number) => Tile | undefined {
  const tiles = new Map(dataset.tiles.map((tile) => [tile.name, tile]));
  return (position) => tiles.get(store.names[position] as string);
}

function groupOf(members: readonly (Tile | undefined)[]): DuplicateGroup {
  const tiles = members.filter((tile) => tile !== undefined);
  return {
    names: tiles.map((tile) => tile.name),
    acrossPartitions: new Set(tiles.map((tile) => tile.partition)).size > 1,
    labelConflict: new Set(tiles.map((tile) => tile.label)).size > 1,
  };
}

/** Rows that differ from the median by more than five times the scaled median absolute deviation. */
function outliers(values: Float64Array): number[] {
  const middle = upperMedian(values);
  const deviation = 1.4826 * upperMedian(values.map((value) => Math.abs(value - middle)));
  if (!(deviation > 0)) return [];
  return [...values.keys()].filter((row) => Math.abs((values[row] as number) - middle) / deviation > OUTLIER_Z);
}
