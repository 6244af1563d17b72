/**
 * @module Whether the tiles of a slide look like the model's training tiles. A sample of them is compared, whose pixels the workers have
 * anyway; a scanner, a stain or a scale that the model does not know changes all of them.
 */
import { type Familiarity, isUnlikeTraining, mostUnlikeByChance } from "../familiar/index";
import { Random } from "../random/index";
import type { Grid } from "./grid";

/** How a sample of a slide's tiles compares with the training tiles. Plain data. */
export interface UnlikeTraining {
  readonly sampledTiles: number;
  /** Those that look less like the training tiles than 95 % of these do. */
  readonly tiles: number;
  readonly share: number;
  /** The most that chance explains, see `mostUnlikeByChance`. */
  readonly mostByChance: number;
}

/** Share of the tiles that is compared, and bounds of their number: a comparison takes a few milliseconds. */
const SHARE = 0.0025;
const LEAST = 40;
const MOST = 200;

/**
 * The tiles to compare, evenly spread: for each block their indices. Only of the half of the tiles with most tissue, because those at
 * its edges show more glass than training tiles.
 */
export function tilesToCompare({ blocks, tissueTiles }: Grid): number[][] {
  const shares = Float64Array.from(
    blocks.flat().filter(({ tissue }) => tissue > 0),
    ({ tissue }) => tissue,
  ).sort();
  const least = shares[shares.length >> 1] ?? 0;
  const places: number[] = [];
  let first = 0;
  for (const block of blocks) {
    for (const [i, { tissue }] of block.entries()) if (tissue >= least) places.push(first + i);
    first += block.length;
  }
  const count = Math.min(places.length, MOST, Math.max(LEAST, Math.round(SHARE * tissueTiles)));
  // One of each part, by chance: at equal distances, all might lie in one column.
  const random = new Random(0, "tiles to compare");
  const start = (part: number) => Math.floor((part * places.length) / count);
  const chosen = new Set(
    Array.from({ length: count }, (_, part) => places[start(part) + random.integer(start(part + 1) - start(part))]),
  );
  first = 0;
  return blocks.map((block) => {
    const before = first;
    first += block.length;
    return [...block.keys()].filter((i) => chosen.has(before + i));
  });
}

/**
 * Compares a slide with the training tiles.
 * @param scores `inDistribution` of the sampled tiles
 * @returns null where no tile could be compared, or with too few tiles for calibration
 */
export function compareWithTraining(
  scores: readonly number[],
  familiarity: Familiarity | undefined,
): UnlikeTraining | null {
  const sampledTiles = scores.length;
  const mostByChance = familiarity && mostUnlikeByChance(familiarity, sampledTiles);
  if (mostByChance === undefined || sampledTiles === 0) return null;
  const tiles = scores.filter(isUnlikeTraining).length;
  return { sampledTiles, tiles, share: tiles / sampledTiles, mostByChance };
}

/** The remark on a slide of which more tiles are unlike the training tiles than chance explains. */
export function remarkOn(found: UnlikeTraining | null): string | undefined {
  if (!found || found.tiles <= found.mostByChance) return undefined;
  const { sampledTiles, tiles, mostByChance } = found;
  return `${tiles} of ${sampledTiles} sampled tiles look unlike the tiles that the model was trained on (by chance, at most ${mostByChance} do); do not rely on answers for such tiles`;
}
