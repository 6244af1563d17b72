/** @module The appearance of a run's tiles, measured once per data set and split. */
import { spreadOver } from "../collections/index";
import type { Partition } from "../dataset/index";
import { type Familiarity, fitFamiliarity, looksAt } from "../familiar/index";
import { measureShifts, type Shifts } from "../shift/index";
import type { TrainingData } from "./data";
import { cached } from "./kept";

/** At most this many tiles are measured, spread evenly over the set. */
const MOST: Readonly<Record<"train" | "validation", number>> = { train: 1000, validation: 500 };
/** Increase this when the measures change. */
const VERSION = 6;

/** The training tiles' familiarity, calibrated on the validation tiles and on the training tiles themselves. */
export async function familiarityOf({ store, positions, groups }: TrainingData): Promise<Familiarity> {
  const of = (partition: Partition & keyof typeof MOST) => spreadOver(positions[partition], MOST[partition]);
  const [train, held] = [of("train"), of("validation")];
  const own = groups && Uint32Array.from(spreadOver(groups, MOST.train));
  const basis = [VERSION, "familiar", store.contentHash, train, held, own && [...own]];
  return cached("familiar", basis, () => fitFamiliarity(looksAt(store, train), looksAt(store, held), own));
}

/** How the validation and test tiles differ from the training tiles. */
export async function shiftsOf({ store, dataset: { tiles } }: TrainingData): Promise<Shifts> {
  const basis = [
    VERSION,
    "shift",
    store.contentHash,
    tiles.map(({ name, partition, group }) => [name, partition, group]),
  ];
  return cached("familiar", basis, () => measureShifts(tiles, store));
}
