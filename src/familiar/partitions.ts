/** @module How other images look beside the training images of a data set: those of its other partitions, and any further ones. */
import type { PixelStore, Tile } from "../dataset/index";
import { rowGroups } from "../evaluation/index";
import { evenly, looksAt } from "./look";
import { describeShift, type Measured, measureShift, type Shift } from "./shift";

/** What is compared with the training images; `new`: images that are not of the data set. */
type Compared = "validation" | "test" | "new";

/** Those of too few images are absent. */
export type Shifts = Readonly<Partial<Record<Compared, Shift & { readonly says: string }>>>;

/** Images of a partition that are compared, at most. */
const COMPARED = 500;

/** Compares a set's partitions, where it has them, with its training images. @param further measures of other images */
export function measureShifts(tiles: readonly Tile[], store: PixelStore, further: readonly Measured[] = []): Shifts {
  const of = (partition: Tile["partition"]) => {
    const some = evenly(
      tiles.filter((tile) => tile.partition === partition),
      COMPARED,
    );
    const looks = looksAt(
      store,
      some.map(({ name }) => store.positionOf(name)),
    );
    return { looks, groups: some.map(({ group }) => group) };
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
