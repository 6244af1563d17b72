/** @module Statistics of each stored tile: colour, brightness, contrast, tissue, and a small grey thumbnail. */
import type { PixelStore } from "./types";

/** Edge length of the thumbnails. */
export const THUMBNAIL = 32;
/** Least difference of the strongest and the weakest channel of a tissue pixel. */
const TISSUE_CHROMA = 24;

/** Columns with one value for each tile. Colour values are from 0 to 255. */
export interface TileStatistics {
  readonly names: readonly string[];
  readonly red: Float64Array;
  readonly green: Float64Array;
  readonly blue: Float64Array;
  /** Mean luminance (Rec. 601). */
  readonly brightness: Float64Array;
  /** Standard deviation of the luminance. */
  readonly contrast: Float64Array;
  /** Share of tissue pixels, 0 to 1. */
  readonly tissue: Float64Array;
  /** Luminance averaged over a 32x32 grid, row-major, one after the other. */
  readonly thumbnails: Float32Array;
}

/** Measures the tiles of a store. */
export function tileStatistics(store: PixelStore): TileStatistics {
  const { names } = store;
  const n = names.length;
  const column = () => new Float64Array(n);
  const [red, green, blue, brightness, contrast, tissue] = [column(), column(), column(), column(), column(), column()];
  const thumbnails = new Float32Array(n * THUMBNAIL ** 2);
  const pixels = new Uint8Array(store.bytesPerImage);
  const luminance = new Float32Array(store.size ** 2);
  for (let row = 0; row < n; row++) {
    store.read([row], pixels);
    let [r, g, b, sum, squares, coloured] = [0, 0, 0, 0, 0, 0];
    for (let i = 0, pixel = 0; i < pixels.length; i += 3, pixel++) {
      const [pr, pg, pb] = [pixels[i] as number, pixels[i + 1] as number, pixels[i + 2] as number];
      const grey = 0.299 * pr + 0.587 * pg + 0.114 * pb;
      luminance[pixel] = grey;
      r += pr;
      g += pg;
      b += pb;
      sum += grey;
      squares += grey * grey;
      if (Math.max(pr, pg, pb) - Math.min(pr, pg, pb) > TISSUE_CHROMA) coloured++;
    }
    const count = luminance.length;
    red[row] = r / count;
    green[row] = g / count;
    blue[row] = b / count;
    brightness[row] = sum / count;
    contrast[row] = Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
    tissue[row] = coloured / count;
    shrink(luminance, store.size, thumbnails.subarray(row * THUMBNAIL ** 2, (row + 1) * THUMBNAIL ** 2));
  }
  return { names, red, green, blue, brightness, contrast, tissue, thumbnails };
}

/** Averages a square grey image over the cells of the thumbnail's grid. */
function shrink(grey: Float32Array, size: number, into: Float32Array): void {
  const edge = (cell: number) => Math.floor((cell * size) / THUMBNAIL);
  for (let y = 0; y < THUMBNAIL; y++) {
    for (let x = 0; x < THUMBNAIL; x++) {
      const [top, left] = [edge(y), edge(x)];
      const [bottom, right] = [Math.max(top + 1, edge(y + 1)), Math.max(left + 1, edge(x + 1))];
      let sum = 0;
      for (let row = top; row < bottom; row++) {
        for (let col = left; col < right; col++) sum += grey[row * size + col] as number;
      }
      into[y * THUMBNAIL + x] = sum / ((bottom - top) * (right - left));
    }
  }
}
