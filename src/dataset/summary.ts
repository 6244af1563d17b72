/** @module What a label table says about a data set: class balance and the experts' votes. No pixel is read. */
import { type GroupSummary, summarizeGroups } from "./groups";
import type { Dataset, Tile } from "./types";

/** Numbers of tiles by partition; `validation` only where the data set brings its own. */
interface PartitionCounts {
  readonly train: number;
  readonly validation?: number;
  readonly test: number;
}

/** How the experts voted. */
export interface VoteSummary {
  /** Tiles with votes. */
  readonly tiles: number;
  /** Experts per tile: the largest number where it varies. */
  readonly voters: number;
  /** Tiles by the number of votes for the positive class: index 0 to `voters`. */
  readonly positive: readonly number[];
  /** The same by class name. */
  readonly byClass: Readonly<Record<string, readonly number[]>>;
  /** Tiles by how many agreed with the majority, such as `{"4/7": 120}`. */
  readonly agreement: Readonly<Record<string, number>>;
  /** Tiles whose label is not what the majority voted for (ties left out). */
  readonly againstMajority: readonly string[];
}

export interface LabelSummary {
  readonly classes: Readonly<Record<string, PartitionCounts>>;
  readonly partitions: PartitionCounts;
  /** null where the set has no votes. */
  readonly votes: VoteSummary | null;
  /** Patients, slides or the like; absent where the table has none. */
  readonly groups?: GroupSummary;
}

/** Counts classes, partitions and votes. */
export function summarizeLabels(dataset: Dataset): LabelSummary {
  const { tiles, classes } = dataset;
  const groups = summarizeGroups(dataset);
  const byClass = classes.map((name, label) => [
    name,
    partitionCounts(
      tiles.filter((tile) => tile.label === label),
      tiles,
    ),
  ]);
  return {
    classes: Object.fromEntries(byClass) as Record<string, PartitionCounts>,
    partitions: partitionCounts(tiles, tiles),
    votes: summarizeVotes(dataset),
    ...(groups && { groups }),
  };
}

function partitionCounts(tiles: readonly Tile[], all: readonly Tile[]): PartitionCounts {
  const count = (partition: Tile["partition"]) => tiles.filter((tile) => tile.partition === partition).length;
  const hasValidation = all.some((tile) => tile.partition === "validation");
  return { train: count("train"), ...(hasValidation && { validation: count("validation") }), test: count("test") };
}

function summarizeVotes({ tiles, classes }: Dataset): VoteSummary | null {
  const voted = tiles.flatMap((tile) => (tile.votes ? [{ ...tile, votes: tile.votes }] : []));
  if (voted.length === 0) return null;
  const voters = voted.reduce((most, { votes }) => Math.max(most, votes.total), 0);
  const histogram = (of: typeof voted) =>
    Array.from({ length: voters + 1 }, (_, count) => of.filter(({ votes }) => votes.positive === count).length);
  const agreement: Record<string, number> = {};
  for (const { votes } of voted) {
    const key = `${Math.max(votes.positive, votes.total - votes.positive)}/${votes.total}`;
    agreement[key] = (agreement[key] ?? 0) + 1;
  }
  return {
    tiles: voted.length,
    voters,
    positive: histogram(voted),
    byClass: Object.fromEntries(
      classes.map((name, label) => [name, histogram(voted.filter((tile) => tile.label === label))]),
    ),
    agreement: Object.fromEntries(
      Object.entries(agreement).sort(([a], [b]) => Number.parseInt(a, 10) - Number.parseInt(b, 10)),
    ),
    againstMajority: voted
      .filter(
        ({ votes, label }) => 2 * votes.positive !== votes.total && 2 * votes.positive > votes.total !== (label === 1),
      )
      .map((tile) => tile.name),
  };
}
