/** @module Draws synthetic H&E-like polyp tiles in MHIST's layout, for use without a data set. */
export { EXPERTS, type PlannedTile, planTiles } from "./plan";
export { TilePainter } from "./tile";
export { type SyntheticSummary, writeSyntheticDataset } from "./write";
