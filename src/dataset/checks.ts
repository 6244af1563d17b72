/** @module Checks that real sets need before they are trained on: leakage, conflicts, blank and odd tiles. */
import { type NearDuplicate, nearDuplicates } from "./near-duplicates";
import { type TileStatistics, tileStatistics } from "./tile-statistics";
import type { Dataset, PixelStore, Tile } from "./types";

/** Tiles that show the same thing. */
export interface DuplicateGroup {
  readonly names: readonly string[];
  /** The same thing is in more than one partition: a leak from train to test. */
  readonly acrossPartitions: boolean;
  /** The same thing has both labels. */
  readonly labelConflict: boolean;
}

export interface PixelChecks {
  readonly duplicates: {
    /** Groups with equal pixels. */
    readonly exact: readonly DuplicateGroup[];
    /** Pairs that show the same thing with other pixels: saved again, recoloured, turned or mirrored. */
    readonly near: readonly (DuplicateGroup & { readonly similarity: number })[];
    /** Number of groups and pairs that reach over partitions. */
    readonly acrossPartitions: number;
    /** Number of groups and pairs with both labels. */
    readonly labelConflicts: number;
  };
  /** Tiles that are one flat colour: empty slide. */
  readonly blank: readonly string[];
  /** Tiles of another size than most. */
  readonly oddSizes: readonly string[];
  /** Tiles far darker or brighter than the rest (robust z-score above 5). */
  readonly brightnessOutliers: readonly string[];
  /** Number of tiles by `WIDTHxHEIGHT`, most frequent first. */
  readonly sizes: Readonly<Record<string, number>>;
}

const BLANK_CONTRAST = 5;
const OUTLIER_Z = 5;

/** Runs all checks on a packed data set. `statistics` may be given where they were computed already (of all positions). */
export function checkPixels(
  dataset: Dataset,
  store: PixelStore,
  statistics: TileStatistics = tileStatistics(store),
): PixelChecks {
  const tiles = new Map(dataset.tiles.map((tile) => [tile.name, tile]));
  const tileAt = (position: number) => tiles.get(store.names[position] as string);
  const blankRows = new Set(
    [...statistics.contrast.keys()].filter((row) => (statistics.contrast[row] as number) < BLANK_CONTRAST),
  );
  const exact = groupsBy(store.pixelHashes).map((rows) => groupOf(rows.map(tileAt)));
  const near = nearDuplicates(statistics, blankRows)
    .filter(({ first, second }: NearDuplicate) => store.pixelHashes[first] !== store.pixelHashes[second])
    .map(({ first, second, similarity }) => ({ ...groupOf([tileAt(first), tileAt(second)]), similarity }));
  const all: DuplicateGroup[] = [...exact, ...near];
  const sizes = sizeCounts(store);
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

function groupOf(members: readonly (Tile | undefined)[]): DuplicateGroup {
  const tiles = members.filter((tile) => tile !== undefined);
  return {
    names: tiles.map((tile) => tile.name),
    acrossPartitions: new Set(tiles.map((tile) => tile.partition)).size > 1,
    labelConflict: new Set(tiles.map((tile) => tile.label)).size > 1,
  };
}

/** Positions that share a key with another position, by key. */
function groupsBy(keys: readonly string[]): number[][] {
  const groups = new Map<string, number[]>();
  for (const [position, key] of keys.entries()) {
    const group = groups.get(key);
    if (group) group.push(position);
    else groups.set(key, [position]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

function sizeCounts(store: PixelStore): Record<string, number> {
  const counts = new Map<string, number>();
  for (const size of store.originalSizes) counts.set(size.join("x"), (counts.get(size.join("x")) ?? 0) + 1);
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1]));
}

/** Rows whose distance from the median is more than five times the scaled median absolute deviation. */
function outliers(values: Float64Array): number[] {
  const median = (of: Float64Array) => Float64Array.from(of).sort()[Math.floor(of.length / 2)] ?? 0;
  const middle = median(values);
  const deviation = 1.4826 * median(values.map((value) => Math.abs(value - middle)));
  if (deviation === 0) return [];
  return [...values.keys()].filter((row) => Math.abs((values[row] as number) - middle) / deviation > OUTLIER_Z);
}
