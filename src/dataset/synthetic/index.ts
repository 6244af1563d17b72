/** @module Synthetic H&E-like polyp tiles in MHIST's layout: a stand-in where no data set is at hand. */
export { CLASSES, EXPERTS, type PlannedTile, planTiles } from "./plan";
export { TilePainter, type TileSpecification } from "./tile";
export { type SyntheticSummary, writeSyntheticDataset } from "./write";
