/** @module The interface of slide readers: metadata, levels and their regions; and the level to read for a scale. */
import type { RgbImage } from "../image/index";

/** One resolution of a slide. Level 0 is the finest. */
export interface SlideLevel {
  readonly width: number;
  readonly height: number;
  /** Pixels of level 0 along one pixel of this level. */
  readonly downsample: number;
  readonly tileWidth: number;
  readonly tileHeight: number;
}

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface SlideInfo {
  readonly path: string;
  /** Such as `aperio`, `ome`, `generic-tiff`, `picture`, or OpenSlide's name. */
  readonly vendor: string;
  readonly reader: "tiff" | "picture" | "openslide";
  /** Compression of level 0, such as `JPEG`. */
  readonly compression?: string;
  readonly levels: readonly SlideLevel[];
  /** Micrometres per pixel of level 0; absent if missing or implausible. */
  readonly mpp?: number;
  /** Magnification of the objective, if known. */
  readonly objective?: number;
  /** Part of level 0 that QuPath shows, if not the whole. */
  readonly bounds?: Rectangle;
  /** Name of its colour profile, if it has one. */
  readonly profile?: string;
  /** Remarks on odd properties of the file. */
  readonly remarks: readonly string[];
}

/** An open slide. Reads of regions can run concurrently. */
export interface SlideReader {
  readonly info: SlideInfo;
  /** The slide's colour profile (ICC), if it has one. */
  readonly profile?: Buffer | undefined;
  /**
   * Reads regions of a level: uint8, RGB. Missing parts have the background colour. Neighbouring regions are faster in one
   * call. A damaged region is an error in the result.
   * @param into memory for the pixels of all regions in order
   */
  readRegions(level: number, regions: readonly Rectangle[], into?: Buffer): Promise<(RgbImage | Error)[]>;
  close(): Promise<void>;
}

/** Tolerated factor, because levels are rounded to whole pixels and scales to a few digits. */
const TOLERANCE = 1.02;

/**
 * The coarsest level that is not coarser than wanted, so that pixels are never enlarged; level 0 if all are coarser.
 * @param downsample wanted number of level 0 pixels along a pixel
 */
export function levelFor(levels: readonly SlideLevel[], downsample: number): number {
  let best = 0;
  for (const [i, level] of levels.entries()) {
    const finer = level.downsample > (levels[best] as SlideLevel).downsample;
    if (finer && level.downsample <= downsample * TOLERANCE) best = i;
  }
  return best;
}

/** Whether a level is stored in strips, which are as wide as it is and decoded as a whole. */
export function isInStrips({ width, height, tileWidth, tileHeight }: SlideLevel): boolean {
  return tileWidth >= width && tileHeight < height;
}
