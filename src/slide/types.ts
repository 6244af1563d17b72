/** @module What every reader of slides offers: levels, regions of them, and what the file says of itself. */
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

/** A rectangle in pixels. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What a file says of itself. */
export interface SlideInfo {
  readonly path: string;
  /** Such as `aperio`, `ome`, `generic-tiff`, `picture`, or the name that OpenSlide has for it. */
  readonly vendor: string;
  readonly reader: "tiff" | "picture" | "openslide";
  /** How the tiles of level 0 are packed, such as `JPEG`. */
  readonly compression?: string;
  readonly levels: readonly SlideLevel[];
  /** Micrometres of a pixel of level 0; absent where the file does not say, or nothing plausible. */
  readonly mpp?: number;
  /** Magnification of the objective; absent where the file does not say. */
  readonly objective?: number;
  /** Part of level 0 that QuPath shows, where it is not the whole. */
  readonly bounds?: Rectangle;
  /** What is odd about the file, as sentences. */
  readonly remarks: readonly string[];
}

/** An open slide. Regions may be read several at a time. */
export interface SlideReader {
  readonly info: SlideInfo;
  /**
   * Reads regions of a level: uint8, RGB. What lies outside the slide or is missing in it has the background's colour. Regions
   * close to each other are read sooner together; one that is damaged has an error in its place.
   * @param into memory for all regions, one behind the other; their pixels are parts of it
   */
  readRegions(level: number, regions: readonly Rectangle[], into?: Buffer): Promise<(RgbImage | Error)[]>;
  close(): Promise<void>;
}
