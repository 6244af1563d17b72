/** @module Compares the training images of a data set with those of its other partitions, and with further images. */
import { spreadOver } from "../collections/index";
import type { PixelStore, Tile } from "../dataset/index";
import { rowGroups } from "../evaluation/index";
import { looksAt } from "./look";
import { describeShift, type Measured, measureShift, type Shift } from "./shift";

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
  const others = { validation: of("validation"), test: of("test"), new: { looks: further, groups: [] } };
  const shifts: { -readonly [name in Compared]?: Shifts[name] } = {};
  for (const [name, { looks, groups }] of Object.entries(others) as [Compared, ReturnType<typeof of>][]) {
    const all = [...train.groups, ...groups];
    const shift = measureShift(train.looks, looks, name === "new" ? undefined : rowGroups(all));
    if (shift) shifts[name] = { ...shift, says: describeShift(["train", name], shift) };
  }
  return shifts;
}
