/** @module The layout of tiles in a page of a TIFF file. Strips are tiles as wide as the page. */
import { first, numbers, TAG, type Tags } from "../../image/tiff/index";

export interface PageLayout {
  readonly tags: Tags;
  readonly width: number;
  readonly height: number;
  readonly tileWidth: number;
  readonly tileHeight: number;
  readonly tiled: boolean;
  readonly across: number;
  readonly down: number;
  readonly compression: number;
  readonly samples: number;
  /** Number of planes: the samples if each has its own tiles, else 1. */
  readonly planes: number;
  readonly offsets: readonly number[];
  readonly bytes: readonly number[];
}

/** Reads a page's layout; undefined if it has no pixels. */
export function layoutOf(tags: Tags): PageLayout | undefined {
  const width = first(tags, TAG.width);
  const height = first(tags, TAG.height);
  if (!width || !height) return undefined;
  const tiled = tags.has(TAG.tileWidth);
  const tileWidth = tiled ? (first(tags, TAG.tileWidth) ?? 0) : width;
  const tileHeight = tiled
    ? (first(tags, TAG.tileHeight) ?? 0)
    : Math.min(height, first(tags, TAG.rowsPerStrip) ?? height);
  if (!tileWidth || !tileHeight) return undefined;
  const across = Math.ceil(width / tileWidth);
  const down = Math.ceil(height / tileHeight);
  const samples = first(tags, TAG.samples) ?? 1;
  const planes = first(tags, TAG.planar) === 2 ? samples : 1;
  const offsets = numbers(tags, tiled ? TAG.tileOffsets : TAG.stripOffsets);
  const bytes = numbers(tags, tiled ? TAG.tileBytes : TAG.stripBytes);
  if (offsets.length < across * down * planes || bytes.length < across * down * planes) return undefined;
  const compression = first(tags, TAG.compression) ?? 1;
  return {
    tags,
    width,
    height,
    tileWidth,
    tileHeight,
    tiled,
    across,
    down,
    compression,
    samples,
    planes,
    offsets,
    bytes,
  };
}

export function tileRows({ tiled, tileHeight, height, across }: PageLayout, index: number): number {
  const top = Math.floor(index / across) * tileHeight;
  return tiled ? tileHeight : Math.min(tileHeight, height - top);
}

/** Number of tiles that extend beyond the end of a truncated file. */
export function beyondEnd({ offsets, bytes }: PageLayout, fileSize: number): number {
  let count = 0;
  for (let i = 0; i < offsets.length; i++) {
    if ((bytes[i] as number) > 0 && (offsets[i] as number) + (bytes[i] as number) > fileSize) count++;
  }
  return count;
}

/**
 * Selects level 0 (the first page) and its smaller copies, from large to small, from pages in any order. Skips labels,
 * photographs of the glass and thumbnails: they have another shape, strips while level 0 has tiles, or are smaller by no whole
 * number.
 */
export function pyramid(layouts: readonly PageLayout[]): PageLayout[] {
  const [base, ...others] = layouts;
  if (!base) return [];
  const levels = [base];
  const copies = others.filter((page) => sameKind(base, page) && sameShape(base, page));
  for (const page of copies.sort((a, b) => b.width - a.width)) {
    const before = levels.at(-1) as PageLayout;
    const smaller = page.width < before.width && page.height < before.height;
    if (smaller && Number.isInteger(downsampleOf(base, page))) levels.push(page);
  }
  return levels;
}

/** Whether a page has the same values; a mask of the tissue, for instance, has not. */
function sameKind(base: PageLayout, { tiled, samples }: PageLayout): boolean {
  return tiled === base.tiled && samples === base.samples;
}

/** Whether the sides agree up to rounding. */
function sameShape(base: PageLayout, page: PageLayout): boolean {
  const horizontal = base.width / page.width;
  const vertical = base.height / page.height;
  const rounding = Math.max(horizontal, vertical) * (1.5 / page.width + 1.5 / page.height);
  return Math.abs(horizontal - vertical) <= rounding;
}

/** Number of level 0 pixels along a pixel of a smaller page; a whole number if rounding explains the difference. */
export function downsampleOf(base: PageLayout, page: PageLayout): number {
  const mean = (base.width / page.width + base.height / page.height) / 2;
  const whole = Math.round(mean);
  const rounding = mean * (1 / page.width + 1 / page.height);
  return Math.abs(mean - whole) <= rounding ? whole : mean;
}
