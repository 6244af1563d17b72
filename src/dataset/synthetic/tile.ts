/** @module One synthetic tile from its seed. */
import { Random } from "../../random/index";
import { drawAnatomy, TILE_UNITS } from "./anatomy";
import { paintCells } from "./cells";
import { rasterize } from "./field";
import { createTextures, type Textures } from "./noise";
import { develop, drawStainLook } from "./stain";
import { paintTissue } from "./tissue";

/** What decides how a tile looks. */
export interface TileSpecification {
  /** Number of the tile within its data set. */
  readonly index: number;
  /** 0 (typical hyperplastic polyp) to 1 (typical sessile serrated lesion); about 0.5 is hard to tell. */
  readonly severity: number;
}

/** Draws tiles of one data set. The same seed and specification give the same pixels, in any order. */
export class TilePainter {
  private readonly textures: Textures;

  /** @param size edge length of a tile in pixels */
  constructor(
    private readonly seed: number,
    readonly size: number,
  ) {
    this.textures = createTextures(seed);
  }

  /** Pixels of one tile: uint8, RGB, row-major, `size * size * 3` bytes. */
  paint({ index, severity }: TileSpecification): Uint8Array {
    const random = (part: string) => new Random(this.seed, "synthetic", part, index);
    const shapes = random("anatomy");
    const shift: [number, number] = [shapes.uniform(0, 512), shapes.uniform(0, 512)];
    const anatomy = drawAnatomy(shapes, severity);
    const field = rasterize(anatomy, this.size, this.textures, shift);
    const dyes = paintTissue(field, anatomy, this.textures, shift);
    paintCells(random("cells"), field, anatomy, dyes);
    soften(dyes.haematoxylin, this.size);
    soften(dyes.eosin, this.size);
    return develop(dyes, drawStainLook(random("stain")), random("grain"));
  }
}

/** The blur of the optics: a binomial 3 x 3 filter, weaker at coarse resolution. */
function soften(values: Float32Array, size: number): void {
  const share = Math.min(0.25, (0.16 * size) / TILE_UNITS);
  for (const [step, across] of [
    [1, size],
    [size, 1],
  ] as const) {
    for (let line = 0; line < size; line++) {
      let at = line * across;
      let before = values[at] as number;
      for (let k = 1; k < size - 1; k++) {
        at += step;
        const here = values[at] as number;
        values[at] = here + share * (before + (values[at + step] as number) - 2 * here);
        before = here;
      }
    }
  }
}
