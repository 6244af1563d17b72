/** @module Distance fields of a tile: for each pixel how deep it lies in epithelium, and where along the crypt. */
import { type Anatomy, type Crypt, depthAt, TILE_UNITS } from "./anatomy";
import { clamp, scallopWave } from "./arithmetic";
import type { Textures } from "./noise";

/** Fields of `size * size` pixels, row-major; lengths in tile units. */
export interface TissueField {
  readonly size: number;
  /** Signed distance from the basement membrane: positive in epithelium and lumen, negative in stroma. */
  readonly inside: Float32Array;
  /** Distance from the lumen (or from outside the tissue): negative in the lumen, positive in tissue. */
  readonly wall: Float32Array;
  /** Coordinate along the epithelium, for the cells' side borders. */
  readonly along: Float32Array;
  /** Mucin in the lumen, 0 to 1. */
  readonly mucin: Float32Array;
  /** Depth below the surface. */
  readonly depth: Float32Array;
}

const OUTSIDE = -60;

/** Rasterizes an anatomy. `shift` moves the noise, so that every tile has its own. */
export function rasterize(
  anatomy: Anatomy,
  size: number,
  textures: Textures,
  shift: readonly [number, number],
): TissueField {
  const count = size * size;
  const field: TissueField = {
    size,
    inside: new Float32Array(count).fill(OUTSIDE),
    wall: new Float32Array(count).fill(-OUTSIDE),
    along: new Float32Array(count),
    mucin: new Float32Array(count),
    depth: new Float32Array(count),
  };
  for (const crypt of anatomy.crypts) addCrypt(field, crypt, textures);
  addSurface(field, anatomy, textures, shift);
  roughen(field, textures, shift);
  return field;
}

function addCrypt(field: TissueField, crypt: Crypt, textures: Textures): void {
  const { size, inside, wall, along, mucin } = field;
  const unit = TILE_UNITS / size;
  const reach = 8;
  for (const c of crypt.capsules) {
    const dx = c.x1 - c.x0;
    const dy = c.y1 - c.y0;
    const length = Math.sqrt(dx * dx + dy * dy) + 1e-6;
    const ux = dx / length;
    const uy = dy / length;
    const radius = crypt.thickness + Math.max(c.lumen0, c.lumen1) + reach;
    const left = clamp(Math.floor((Math.min(c.x0, c.x1) - radius) / unit), 0, size);
    const right = clamp(Math.ceil((Math.max(c.x0, c.x1) + radius) / unit), 0, size);
    const top = clamp(Math.floor((Math.min(c.y0, c.y1) - radius) / unit), 0, size);
    const bottom = clamp(Math.ceil((Math.max(c.y0, c.y1) + radius) / unit), 0, size);
    for (let row = top; row < bottom; row++) {
      const py = (row + 0.5) * unit - c.y0;
      for (let column = left; column < right; column++) {
        const px = (column + 0.5) * unit - c.x0;
        const ahead = px * ux + py * uy;
        const t = clamp(ahead / length, 0, 1);
        const ex = px - t * dx;
        const ey = py - t * dy;
        const distance = Math.sqrt(ex * ex + ey * ey);
        const lumen = c.lumen0 + (c.lumen1 - c.lumen0) * t;
        const depth = crypt.thickness + lumen - distance;
        const i = row * size + column;
        const before = inside[i] as number;
        if (depth < -reach || (depth <= before && distance - lumen >= (wall[i] as number))) continue;
        const over = ahead - t * length;
        const side = px * uy - py * ux > 0 ? 0.41 : 0;
        const uneven = 5 * textures.medium.at(px + c.x0 + 40 * side, py + c.y0);
        const s = c.along + t * length + uneven + (distance > 0 ? (over / distance) * lumen * 1.4 : 0);
        const teeth = c.teeth0 + (c.teeth1 - c.teeth0) * t;
        const edge = distance - lumen - teeth * scallopWave(s / crypt.toothPeriod + side);
        if (depth > before) {
          inside[i] = depth;
          along[i] = s + 50 * side;
        }
        if (edge < (wall[i] as number)) {
          wall[i] = edge;
          mucin[i] = crypt.mucin;
        }
      }
    }
  }
}

/** The mucosal surface: beyond it is empty glass, below it one layer of epithelium. */
function addSurface(field: TissueField, anatomy: Anatomy, textures: Textures, shift: readonly [number, number]): void {
  const { size, inside, wall, along, mucin, depth } = field;
  const unit = TILE_UNITS / size;
  const [ax, ay] = anatomy.axis;
  for (let row = 0, i = 0; row < size; row++) {
    for (let column = 0; column < size; column++, i++) {
      const x = (column + 0.5) * unit;
      const y = (row + 0.5) * unit;
      const level = depthAt(anatomy, x, y);
      depth[i] = level;
      if (level > 60) continue;
      const u = x * ay - y * ax;
      const wave = anatomy.surfaceWave * textures.broad.at(u + shift[0], shift[1]);
      const edge = level - wave - anatomy.surfaceTeeth * scallopWave(u / 15);
      const deep = anatomy.surfaceThickness - (level - wave);
      if (deep > (inside[i] as number)) {
        inside[i] = deep;
        along[i] = u;
      }
      if (edge < (wall[i] as number)) {
        wall[i] = edge;
        if (edge < 0) mucin[i] = 0;
      }
    }
  }
}

/** Makes all outlines a little uneven, as cut tissue is. */
function roughen(field: TissueField, textures: Textures, [sx, sy]: readonly [number, number]): void {
  const { size, inside, wall } = field;
  const unit = TILE_UNITS / size;
  for (let row = 0, i = 0; row < size; row++) {
    const y = row * unit;
    for (let column = 0; column < size; column++, i++) {
      const x = column * unit;
      const coarse = textures.medium.at(x + sx, y + sy);
      inside[i] = (inside[i] as number) + 1.5 * coarse;
      wall[i] = (wall[i] as number) + 0.9 * coarse + 0.7 * textures.fine.at(x + sy, y + sx);
    }
  }
}
