/** @module Summary of a label table: class balance and the experts' votes. Reads no pixels. */
import { countValues } from "../collections/index";
import { type GroupSummary, summarizeGroups } from "./groups";
import type { Dataset, Tile } from "./types";

/** Numbers of tiles by partition; `validation` only if the data set has one. */
export interface PartitionCounts {
  readonly train: number;
  readonly validation?: number;
  readonly test: number;
}

export interface VoteSummary {
  readonly tiles: number;
  /** Largest number of experts per tile. */
  readonly voters: number;
  /** Tiles by the number of votes for the positive class: index 0 to `voters`. */
  readonly positive: readonly number[];
  /** The same by class name. */
  readonly byClass: Readonly<Record<string, readonly number[]>>;
  /** Tiles by number of experts who agreed with the majority, such as `{"4/7": 120}`. */
  readonly agreement: Readonly<Record<string, number>>;
  /** Tiles whose label contradicts the majority of the votes, without ties. */
  readonly againstMajority: readonly string[];
}

export interface LabelSummary {
  /** Names of the classes, negative first. Those of `classes` are in this order only if they are no numbers. */
  readonly classNames: readonly [negative: string, positive: string];
  readonly classes: Readonly<Record<string, PartitionCounts>>;
  readonly partitions: PartitionCounts;
  /** null for sets without votes. */
  readonly votes: VoteSummary | null;
  /** Patients, slides or the like, if the table has any. */
  readonly groups?: GroupSummary;
}

/** Counts classes, partitions and votes. */
export function summarizeLabels(dataset: Dataset): LabelSummary {
  const { tiles, classes } = dataset;
  const groups = summarizeGroups(dataset);
  const ofClass = (label: number) => tiles.filter((tile) => tile.label === label);
  const byClass = classes.map((name, label) => [name, partitionCounts(ofClass(label), tiles)]);
  return {
    classNames: classes,
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
  const agreement = countValues(
    voted.map(({ votes: { positive, total } }) => `${Math.max(positive, total - positive)}/${total}`),
  );
  return {
    tiles: voted.length,
    voters,
    positive: histogram(voted),
    byClass: Object.fromEntries(
      classes.map((name, label) => [name, histogram(voted.filter((tile) => tile.label === label))]),
    ),
    agreement: Object.fromEntries([...agreement].sort(([a], [b]) => Number.parseInt(a, 10) - Number.parseInt(b, 10))),
    againstMajority: voted
      .filter(
        ({ votes, label }) => 2 * votes.positive !== votes.total && 2 * votes.positive > votes.total !== (label === 1),
      )
      .map((tile) => tile.name),
  };
}
