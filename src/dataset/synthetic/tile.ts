/** @module One synthetic tile from its seed. */
import { Random } from "../../random/index";
import { type Anatomy, drawAnatomy, TILE_UNITS } from "./anatomy";
import { clamp, smoothStep, triangleWave } from "./arithmetic";
import { paintCells } from "./cells";
import { rasterize, type TissueField } from "./field";
import { createTextures, type Textures } from "./noise";
import { type Dyes, develop, drawStainLook } from "./stain";

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

/** Width of one epithelial cell in units. */
const CELL_WIDTH = 4.6;

/** Paints the ground on which nuclei are set. */
function paintTissue(
  field: TissueField,
  anatomy: Anatomy,
  textures: Textures,
  [sx, sy]: readonly [number, number],
): Dyes {
  const { size } = field;
  const haematoxylin = new Float32Array(size * size);
  const eosin = new Float32Array(size * size);
  const unit = TILE_UNITS / size;
  const [ax, ay] = anatomy.axis;
  for (let row = 0, i = 0; row < size; row++) {
    const y = row * unit;
    for (let column = 0; column < size; column++, i++) {
      const x = column * unit;
      const inside = field.inside[i] as number;
      const wall = field.wall[i] as number;
      const grain = textures.fine.at(x * 1.7 + sx, y * 1.7 + sy);
      const inTissue = clamp(0.5 + wall / unit, 0, 1);
      const inEpithelium = clamp(0.5 + inside / unit, 0, 1);
      let h = 0;
      let e = 0;
      if (inEpithelium < 1) {
        const u = x * ay - y * ax;
        const v = field.depth[i] as number;
        const swirl = 9 * textures.broad.at(x + sy, y + sx);
        const muscle = muscleAt(anatomy, v + 0.6 * swirl);
        const fibre = textures.medium.at((u + swirl) * (1.5 - muscle) + sx, (v + swirl) * (0.55 + 1.7 * muscle) + sy);
        const patch = textures.broad.at(x * 1.6 + sx, y * 1.6 + sy);
        const below = v > anatomy.muscleDepth + anatomy.muscleThickness ? 0.35 : 0;
        const gap = smoothStep(
          1.15 - 0.55 * anatomy.looseness - below,
          1.75 - 0.55 * anatomy.looseness - below,
          0.9 * fibre + 0.7 * patch + 0.4,
        );
        const open = gap * (1 - 0.85 * muscle) * (0.55 + 0.4 * anatomy.looseness);
        e = (0.4 + 0.14 * fibre + 0.07 * grain + 0.22 * muscle) * (1 - open);
        h = (0.1 + 0.05 * patch + 0.03 * grain + 0.04 * muscle) * (1 - open);
      }
      if (inEpithelium > 0) {
        const border = triangleWave((field.along[i] as number) / CELL_WIDTH);
        const membrane = border > 0.55 ? (border - 0.55) * 0.16 : 0;
        const apical = smoothStep(0, 7, inside);
        const brush = wall < 1.8 ? 0.12 * smoothStep(0, 0.8, wall) : 0;
        const cytoplasmE = 0.47 - 0.12 * apical + membrane + brush + 0.06 * grain;
        const cytoplasmH = 0.25 - 0.1 * apical + 0.04 * grain;
        e += (cytoplasmE - e) * inEpithelium;
        h += (cytoplasmH - h) * inEpithelium;
      }
      const basement = 1 - clamp(Math.abs(inside + 0.4) / 1.1, 0, 1);
      e += 0.2 * basement;
      if (inTissue < 1) {
        const mucin = field.mucin[i] as number;
        const strands = textures.medium.at(x * 2 + sy, y * 2 + sy);
        const content = mucin * clamp(0.5 + 0.6 * strands, 0, 1);
        h += (0.012 + 0.2 * content - h) * (1 - inTissue);
        e += (0.018 + 0.13 * content - e) * (1 - inTissue);
      }
      haematoxylin[i] = h;
      eosin[i] = e;
    }
  }
  return { haematoxylin, eosin };
}

/** 1 inside the muscularis mucosae, 0 outside. */
function muscleAt(anatomy: Anatomy, depth: number): number {
  const into = depth - anatomy.muscleDepth;
  return smoothStep(-4, 4, into) * (1 - smoothStep(anatomy.muscleThickness - 4, anatomy.muscleThickness + 4, into));
}
