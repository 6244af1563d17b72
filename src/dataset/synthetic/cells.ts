/** @module Cells of a tile: columnar and goblet cells along the epithelium, inflammatory cells and fibroblasts in the stroma. */
import type { Random } from "../../random/index";
import { type Anatomy, TILE_UNITS } from "./anatomy";
import { clamp, cosineOfTurns, normal, sineOfTurns } from "./arithmetic";
import type { TissueField } from "./field";
import type { Dyes } from "./stain";

interface Ellipse {
  readonly x: number;
  readonly y: number;
  /** Unit vector of the long axis. */
  readonly axisX: number;
  readonly axisY: number;
  /** Half axes in units. */
  readonly long: number;
  readonly short: number;
}

export function paintCells(random: Random, field: TissueField, anatomy: Anatomy, dyes: Dyes): void {
  const nuclear = random.uniform(0.75, 1.05);
  paintGoblets(random, field, anatomy, dyes);
  paintEpithelialNuclei(random, field, dyes, nuclear);
  paintStromalNuclei(random, field, anatomy, dyes, nuclear);
}

/** Goblet cells: a pale drop of mucin between the nucleus and the lumen. */
function paintGoblets(random: Random, field: TissueField, anatomy: Anatomy, dyes: Dyes): void {
  const spacing = new Spacing(6);
  const tint = random.uniform(0.02, 0.16);
  for (let i = 0; i < 5200; i++) {
    const x = random.uniform(0, TILE_UNITS);
    const y = random.uniform(0, TILE_UNITS);
    const chosen = random.chance(anatomy.goblets);
    const pixel = pixelAt(field, x, y);
    const inside = field.inside[pixel] as number;
    const wall = field.wall[pixel] as number;
    if (inside < 7 || inside > 10 || wall < 2.8 || !spacing.claim(x, y) || !chosen) continue;
    const [axisX, axisY] = inward(field, pixel);
    const long = random.uniform(3.8, 5.2);
    const drop = { x, y, axisX, axisY, long, short: long * random.uniform(0.58, 0.75) };
    stamp(field.size, drop, (at, cover, rim) => {
      mixTo(dyes.haematoxylin, at, 0.03 + tint + 0.05 * rim, cover * 0.92);
      mixTo(dyes.eosin, at, 0.03 + 0.5 * tint + 0.22 * rim * rim, cover * 0.92);
    });
  }
}

/** Oval nuclei standing in one row on the basement membrane. */
function paintEpithelialNuclei(random: Random, field: TissueField, dyes: Dyes, nuclear: number): void {
  const spacing = new Spacing(random.uniform(3.3, 4.1));
  for (let i = 0; i < 9000; i++) {
    const x = random.uniform(0, TILE_UNITS);
    const y = random.uniform(0, TILE_UNITS);
    const pixel = pixelAt(field, x, y);
    const inside = field.inside[pixel] as number;
    if (inside < 2.6 || inside > 5.6 || (field.wall[pixel] as number) < 3 || !spacing.claim(x, y)) continue;
    const [axisX, axisY] = inward(field, pixel);
    const tilt = normal(random, 0, 0.16);
    const length = Math.sqrt(1 + tilt * tilt);
    const nucleus = {
      x,
      y,
      axisX: (axisX - tilt * axisY) / length,
      axisY: (axisY + tilt * axisX) / length,
      long: random.uniform(2.7, 4),
      short: random.uniform(1.5, 2.05),
    };
    paintNucleus(random, field.size, nucleus, dyes, nuclear * random.uniform(0.75, 1.1));
  }
}

/** Lymphocytes (round, dark), plasma cells and fibroblasts (long, thin). */
function paintStromalNuclei(random: Random, field: TissueField, anatomy: Anatomy, dyes: Dyes, nuclear: number): void {
  const spacing = new Spacing(5);
  const count = Math.round((anatomy.stromalCells * TILE_UNITS * TILE_UNITS) / 100);
  const fibroblasts = random.uniform(0.2, 0.5);
  for (let i = 0; i < count; i++) {
    const x = random.uniform(0, TILE_UNITS);
    const y = random.uniform(0, TILE_UNITS);
    const pixel = pixelAt(field, x, y);
    if ((field.inside[pixel] as number) > -2.5 || (field.wall[pixel] as number) < 3 || !spacing.claim(x, y)) continue;
    const inMuscle = (field.depth[pixel] as number) > anatomy.muscleDepth;
    if (inMuscle && random.chance(0.6)) continue;
    const thin = inMuscle || random.chance(fibroblasts);
    const turns = random.next();
    const flow = normal(random, 0, 0.25);
    const [ax, ay] = anatomy.axis;
    const [fx, fy] = inMuscle ? [ay - flow * ax, -ax - flow * ay] : [ax + flow * ay, ay - flow * ax];
    const length = Math.sqrt(fx * fx + fy * fy);
    const nucleus = thin
      ? { x, y, axisX: fx / length, axisY: fy / length, long: random.uniform(3, 5.2), short: random.uniform(0.8, 1.25) }
      : {
          x,
          y,
          axisX: cosineOfTurns(turns),
          axisY: sineOfTurns(turns),
          long: random.uniform(1.8, 2.6),
          short: random.uniform(1.6, 2.1),
        };
    paintNucleus(
      random,
      field.size,
      nucleus,
      dyes,
      nuclear * (thin ? random.uniform(0.7, 1) : random.uniform(0.95, 1.35)),
    );
  }
}

function paintNucleus(random: Random, size: number, nucleus: Ellipse, dyes: Dyes, density: number): void {
  const skewX = random.uniform(-0.25, 0.25);
  stamp(size, nucleus, (at, cover, rim, along) => {
    const chromatin = density * (0.86 + 0.22 * rim + skewX * along);
    mixTo(dyes.haematoxylin, at, chromatin, cover);
    mixTo(dyes.eosin, at, 0.3, cover);
  });
}

/**
 * Calls `paint` for every pixel that an ellipse touches: `cover` is how much of it is covered, `rim` runs from 0 in the
 * middle to 1 at the edge, `along` from -1 to 1 on the long axis.
 */
function stamp(
  size: number,
  ellipse: Ellipse,
  paint: (pixel: number, cover: number, rim: number, along: number) => void,
): void {
  const unit = TILE_UNITS / size;
  const reach = ellipse.long + unit;
  const left = clamp(Math.floor((ellipse.x - reach) / unit), 0, size);
  const right = clamp(Math.ceil((ellipse.x + reach) / unit), 0, size);
  const top = clamp(Math.floor((ellipse.y - reach) / unit), 0, size);
  const bottom = clamp(Math.ceil((ellipse.y + reach) / unit), 0, size);
  for (let row = top; row < bottom; row++) {
    const dy = (row + 0.5) * unit - ellipse.y;
    for (let column = left; column < right; column++) {
      const dx = (column + 0.5) * unit - ellipse.x;
      const along = (dx * ellipse.axisX + dy * ellipse.axisY) / ellipse.long;
      const across = (dy * ellipse.axisX - dx * ellipse.axisY) / ellipse.short;
      const radius = Math.sqrt(along * along + across * across);
      const cover = clamp(0.5 + ((1 - radius) * ellipse.short) / unit, 0, 1);
      if (cover > 0) paint(row * size + column, cover, Math.min(1, radius * radius), along);
    }
  }
}

/** Unit vector from the basement membrane towards the lumen. */
function inward(field: TissueField, pixel: number): [number, number] {
  const { size, inside } = field;
  const column = clamp(pixel % size, 2, size - 3);
  const row = clamp(Math.floor(pixel / size), 2, size - 3);
  const at = row * size + column;
  const gx = (inside[at + 2] as number) - (inside[at - 2] as number);
  const gy = (inside[at + 2 * size] as number) - (inside[at - 2 * size] as number);
  const norm = Math.sqrt(gx * gx + gy * gy);
  return norm > 1e-6 ? [gx / norm, gy / norm] : [1, 0];
}

function pixelAt(field: TissueField, x: number, y: number): number {
  const unit = TILE_UNITS / field.size;
  return Math.floor(y / unit) * field.size + Math.floor(x / unit);
}

function mixTo(values: Float32Array, at: number, target: number, share: number): void {
  const value = values[at] as number;
  values[at] = value + (target - value) * share;
}

/** Keeps cells apart: a place is granted when none granted before is nearer than the distance. */
class Spacing {
  private readonly columns: number;
  private readonly cells: Float32Array;

  constructor(private readonly distance: number) {
    this.columns = Math.ceil((TILE_UNITS * 1.4143) / distance) + 2;
    this.cells = new Float32Array(this.columns * this.columns * 2).fill(-1e6);
  }

  claim(x: number, y: number): boolean {
    const edge = this.distance / 1.4143;
    const column = Math.floor(x / edge);
    const row = Math.floor(y / edge);
    for (let r = Math.max(0, row - 2); r <= row + 2; r++) {
      for (let c = Math.max(0, column - 2); c <= column + 2; c++) {
        const at = 2 * (r * this.columns + c);
        const dx = (this.cells[at] ?? -1e6) - x;
        const dy = (this.cells[at + 1] ?? -1e6) - y;
        if (dx * dx + dy * dy < this.distance * this.distance) return false;
      }
    }
    const at = 2 * (row * this.columns + column);
    this.cells[at] = x;
    this.cells[at + 1] = y;
    return true;
  }
}
