/** @module A predicted slide and its summary. */
import { rowGroups, shareOfRowsInterval, sigmoid } from "../evaluation/index";
import type { ProfileUse } from "./colour-profile";
import type { Grid, GridSettings, GridTile } from "./grid";
import type { Thumbnail } from "./tissue";
import type { SlideInfo, SlideLevel } from "./types";
import type { UnlikeTraining } from "./unlike-training";

export interface PredictedTile extends GridTile {
  /** NaN if the tile is unreadable. */
  readonly logit: number;
  readonly probability: number;
  readonly positive: boolean;
}

export interface PredictedSlide {
  readonly name: string;
  readonly info: SlideInfo;
  readonly mpp: number;
  readonly settings: GridSettings;
  /** What was done with the slide's colour profile; null if it has none. */
  readonly profile: ProfileUse | null;
  readonly grid: Grid;
  readonly thumbnail: Thumbnail;
  readonly model: {
    readonly name: string;
    readonly sha256: string;
    readonly classes: readonly [string, string];
    readonly threshold: number;
    /** Whether it has learned from synthetic tiles only; null if its card does not tell. */
    readonly trainedOnDrawnTiles: boolean | null;
  };
  /** Row by row. */
  readonly tiles: readonly PredictedTile[];
  readonly unlikeTraining: UnlikeTraining | null;
  readonly problems: readonly string[];
}

/** `slide.json`. */
export interface SlideSummary {
  readonly format: "histo-slide/1";
  readonly work: string;
  readonly slide: string;
  readonly vendor: string;
  readonly width: number;
  readonly height: number;
  /** Micrometres per pixel of level 0; null if unknown. */
  readonly mpp: number | null;
  readonly bounds: SlideInfo["bounds"] | null;
  /** What was done with the slide's colour profile; null if it has none. */
  readonly profile: ProfileUse | null;
  readonly model: PredictedSlide["model"];
  /** Size of a tile in pixels of the training images and of level 0, its scale, and the level it is read from. */
  readonly tile: {
    readonly size: number;
    readonly extent: number;
    readonly mpp: number | null;
    readonly overlap: number;
    readonly level: number;
    readonly leastTissue: number;
  };
  readonly columns: number;
  readonly rows: number;
  /** Number of tiles in the grid, with tissue, and unreadable. */
  readonly tiles: number;
  readonly tissueTiles: number;
  readonly failedTiles: number;
  readonly positiveTiles: number;
  /** Share of positive tiles among the readable tissue tiles; null if there are none. */
  readonly positiveShare: number | null;
  /**
   * How far the share in all tissue of this kind may lie from that of these tiles. Squares of neighbouring tiles count as groups,
   * because neighbours are alike; null if there is only one. The model's errors are not in it.
   */
  readonly positiveShareCi95: readonly [number, number] | null;
  readonly meanProbability: number | null;
  readonly maxProbability: number | null;
  /** Mean probability of the strongest tiles. */
  readonly topK: { readonly k: number; readonly meanProbability: number } | null;
  readonly strongest: readonly { readonly x: number; readonly y: number; readonly probability: number }[];
  /** The comparison with the training tiles; null for a model without statistics of them. */
  readonly unlikeTraining: UnlikeTraining | null;
  readonly remarks: readonly string[];
}

const TOP = 10;
/** Sides of the squares of neighbouring tiles, of which the one whose tiles are most alike counts. */
const SQUARES = [4, 8, 16, 32];
/** Of fewer squares nobody can tell how much they differ. */
const LEAST_SQUARES = 4;

/** Joins logits and tiles, row by row. */
export function predictedTiles(
  grid: Grid,
  logitsOf: (block: number) => Float32Array,
  threshold: number,
): PredictedTile[] {
  const tiles = grid.blocks.flatMap((block, number) => {
    const logits = logitsOf(number);
    return block.map((tile, i) => {
      const logit = logits[i] as number;
      const probability = sigmoid(logit);
      return { ...tile, logit, probability, positive: probability >= threshold };
    });
  });
  return tiles.sort((a, b) => a.row - b.row || a.column - b.column);
}

export function summarize(slide: PredictedSlide, level: number, work: string): SlideSummary {
  const { info, settings, grid, model, tiles } = slide;
  const { width, height } = info.levels[0] as SlideLevel;
  const read = tiles.filter(({ logit }) => !Number.isNaN(logit));
  const strongest = [...read].sort((a, b) => b.probability - a.probability).slice(0, TOP);
  const positive = read.filter((tile) => tile.positive).length;
  const some = read.length > 0;
  return {
    format: "histo-slide/1",
    work,
    slide: slide.name,
    vendor: info.vendor,
    width,
    height,
    mpp: slide.mpp > 0 ? slide.mpp : null,
    bounds: info.bounds ?? null,
    profile: slide.profile,
    model,
    tile: {
      size: settings.size,
      extent: grid.extent,
      mpp: slide.mpp > 0 ? slide.mpp * settings.downsample : null,
      overlap: settings.overlap,
      level,
      leastTissue: settings.leastTissue,
    },
    columns: grid.columns,
    rows: grid.rows,
    tiles: grid.columns * grid.rows,
    tissueTiles: tiles.length,
    failedTiles: tiles.length - read.length,
    positiveTiles: positive,
    positiveShare: some ? positive / read.length : null,
    positiveShareCi95: some ? shareInterval(read) : null,
    meanProbability: some ? mean(read) : null,
    maxProbability: some ? (strongest[0] as PredictedTile).probability : null,
    topK: some ? { k: strongest.length, meanProbability: mean(strongest) } : null,
    strongest: strongest.map(({ x, y, probability }) => ({ x, y, probability })),
    unlikeTraining: slide.unlikeTraining,
    remarks: [...info.remarks, ...slide.problems],
  };
}

function mean(tiles: readonly PredictedTile[]): number {
  return tiles.reduce((sum, { probability }) => sum + probability, 0) / tiles.length;
}

/**
 * The 95 % interval of the positive share, with squares of neighbouring tiles as groups. Patches of tumour are of any size, and
 * squares that are smaller than a patch are alike too: so the widest interval of several sizes holds.
 */
function shareInterval(tiles: readonly PredictedTile[]): readonly [number, number] | null {
  const isPositive = tiles.map(({ positive }) => positive);
  const intervals: (readonly [number, number])[] = [];
  for (const side of SQUARES) {
    const squareOf = ({ column, row }: PredictedTile) => `${Math.floor(column / side)} ${Math.floor(row / side)}`;
    const squares = rowGroups(tiles.map(squareOf));
    const count = new Set(squares).size;
    if (!squares || count < (intervals.length === 0 ? 2 : LEAST_SQUARES)) break;
    intervals.push(shareOfRowsInterval(isPositive, squares));
    // Tiles that are all the same do not tell how large patches are.
    if (new Set(isPositive).size < 2) break;
  }
  if (intervals.length === 0) return null;
  return intervals.reduce((widest, one) => (one[1] - one[0] > widest[1] - widest[0] ? one : widest));
}
