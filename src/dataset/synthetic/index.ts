/** @module Draws synthetic H&E-like polyp tiles in MHIST's layout, for use without a data set. */

export { TilePainter } from "./tile";
export { EXPERTS, type PlannedTile, planTiles, writeSyntheticDataset } from "./write";
