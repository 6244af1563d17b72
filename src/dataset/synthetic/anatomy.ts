/**
 * @module What tissue a tile shows: crypts as chains of tapered capsules, the surface, the muscle below. Distances are in
 * tile units: a tile is 224 units wide at any pixel size, about 1.25 micrometres a unit as in MHIST.
 *
 * Hyperplastic polyps have straight crypts with narrow bases and serration near the surface; sessile serrated lesions
 * have crypts that are dilated and serrated down to a broad, often L- or T-shaped base (WHO Classification of Tumours,
 * Digestive System Tumours, 5th ed. 2019). `severity` runs from 0 (typical for the former) to 1 (typical for the latter);
 * everything else that varies is drawn independently of it.
 */
import type { Random } from "../../random/index";
import { clamp, cosineOfTurns, mix, normal, sineOfTurns, smoothStep } from "./arithmetic";

/** Edge length of a tile in units. */
export const TILE_UNITS = 224;

/** A piece of a crypt between two points. */
export interface Capsule {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  /** Half width of the lumen at the two ends. */
  readonly lumen0: number;
  readonly lumen1: number;
  /** Height of the teeth of the serrated lumen at the two ends. */
  readonly teeth0: number;
  readonly teeth1: number;
  /** Distance along the crypt at the start. */
  readonly along: number;
}

/** One crypt: a gland lined by a single layer of tall cells. */
export interface Crypt {
  readonly capsules: readonly Capsule[];
  /** Height of the epithelium. */
  readonly thickness: number;
  readonly toothPeriod: number;
  /** 0 for an empty (white) lumen, 1 for one full of mucin. */
  readonly mucin: number;
}

/** All of a tile's tissue. `surface` and `muscle` are depths along `axis`; see {@link depthAt}. */
export interface Anatomy {
  readonly crypts: readonly Crypt[];
  /** Unit vector from the surface down into the wall. */
  readonly axis: readonly [number, number];
  /** The tile's middle lies this deep below the surface. */
  readonly centreDepth: number;
  readonly surfaceThickness: number;
  readonly surfaceWave: number;
  readonly surfaceTeeth: number;
  /** Depth at which the muscularis mucosae begins. */
  readonly muscleDepth: number;
  readonly muscleThickness: number;
  /** 0 for dense stroma, 1 for loose stroma with clefts. */
  readonly looseness: number;
  /** Inflammatory cells and fibroblasts per 100 square units of stroma. */
  readonly stromalCells: number;
  /** Share of epithelial cells that are goblet cells. */
  readonly goblets: number;
}

/** Depth below the surface of a point given in tile units. */
export function depthAt(anatomy: Anatomy, x: number, y: number): number {
  const half = TILE_UNITS / 2;
  return (x - half) * anatomy.axis[0] + (y - half) * anatomy.axis[1] + anatomy.centreDepth;
}

export function drawAnatomy(random: Random, severity: number): Anatomy {
  const turns = random.chance(0.75) ? normal(random, 0.25, 0.06) : random.next();
  const axis: [number, number] = [cosineOfTurns(turns), sineOfTurns(turns)];
  const length = random.uniform(120, 215);
  const centreDepth = length - random.uniform(5, 75);
  const spacing = random.uniform(46, 64) * mix(0.87, 1.13, severity);
  const scale = random.uniform(0.88, 1.12);
  const mucin = random.next() ** 2 * 0.8;
  const half = TILE_UNITS / 2;
  const place = (u: number, v: number): [number, number] => [
    half + u * axis[1] + (v - centreDepth) * axis[0],
    half - u * axis[0] + (v - centreDepth) * axis[1],
  ];
  const crypts: Crypt[] = [];
  const crossCut = random.chance(0.2);
  const first = -190 + random.uniform(0, spacing);
  for (let u = first; u < 190; u += spacing * random.uniform(0.85, 1.2)) {
    const own = clamp(severity + normal(random, 0, 0.14), 0, 1);
    const traits = drawTraits(random, own, scale, mucin);
    if (crossCut) {
      for (let v = random.uniform(10, 50); v < length; v += spacing * random.uniform(0.9, 1.25)) {
        crypts.push(crossSection(random, traits, own, place, u + normal(random, 0, 6), v, v / length));
      }
    } else crypts.push(longSection(random, traits, own, place, u, length * random.uniform(0.86, 1.08)));
  }
  return {
    crypts,
    axis,
    centreDepth,
    surfaceThickness: 14 * scale,
    surfaceWave: random.uniform(3, 11),
    surfaceTeeth: random.uniform(0, 3),
    muscleDepth: length + random.uniform(18, 46),
    muscleThickness: random.uniform(14, 34),
    looseness: random.next(),
    stromalCells: random.uniform(0.6, 2.2),
    goblets: random.uniform(0.1, 0.9),
  };
}

interface Traits {
  readonly thickness: number;
  readonly toothPeriod: number;
  readonly mucin: number;
  readonly scale: number;
  /** Half widths of the lumen near the surface and at the base. */
  readonly top: number;
  readonly base: number;
  /** Relative depth to which the serration reaches. */
  readonly serratedTo: number;
}

function drawTraits(random: Random, severity: number, scale: number, mucin: number): Traits {
  return {
    thickness: scale * random.uniform(12, 15),
    toothPeriod: scale * random.uniform(11, 16),
    mucin: clamp(mucin + normal(random, 0, 0.12), 0, 1),
    scale,
    top: scale * random.uniform(4.5, 8.5) * mix(1.35, 0.7, severity),
    base: scale * mix(random.uniform(0.6, 2.2), random.uniform(6, 12.5), smoothStep(0.15, 0.95, severity)),
    serratedTo: mix(random.uniform(0.35, 0.6), random.uniform(0.9, 1.3), severity),
  };
}

type Place = (u: number, v: number) => [number, number];

/** A crypt cut along its length, from the surface to its base. */
function longSection(random: Random, traits: Traits, severity: number, place: Place, u: number, length: number): Crypt {
  const steps = 9;
  const capsules: Capsule[] = [];
  const bend = normal(random, 0, mix(0.05, 0.09, severity));
  const wobble = mix(1.2, 3.2, severity) * traits.scale;
  let from = { u, v: -24, ...profile(traits, 0) };
  let along = 0;
  for (let i = 1; i <= steps; i++) {
    const t = i / steps;
    const width = profile(traits, t);
    const to = { u: u + bend * length * t * t + normal(random, 0, wobble), v: -24 + (length + 24) * t, ...width };
    capsules.push(capsule(place, from, to, along));
    along += Math.sqrt((to.u - from.u) ** 2 + (to.v - from.v) ** 2);
    from = to;
  }
  if (random.chance(0.85 * smoothStep(0.3, 0.95, severity))) {
    const both = random.chance(0.4);
    const side = random.chance(0.5) ? 1 : -1;
    for (const direction of both ? [1, -1] : [side]) {
      capsules.push(...foot(random, traits, place, from, direction, along, both ? 0.75 : 1));
    }
  }
  if (random.chance(0.35 * smoothStep(0.45, 1, severity))) {
    const at = capsules[4] as Capsule;
    capsules.push(branch(random, traits, at, place));
  }
  return { capsules, thickness: traits.thickness, toothPeriod: traits.toothPeriod, mucin: traits.mucin };
}

interface Joint {
  readonly u: number;
  readonly v: number;
  readonly lumen: number;
  readonly teeth: number;
}

/** Lumen and teeth at relative depth `t`. */
function profile(traits: Traits, t: number): { lumen: number; teeth: number } {
  const lumen = mix(traits.top, traits.base, smoothStep(0.25, 0.95, t));
  const serrated = 1 - smoothStep(traits.serratedTo - 0.15, traits.serratedTo + 0.15, t);
  return { lumen, teeth: serrated * Math.min(0.72 * lumen, 5 * traits.scale) };
}

/** The horizontal part of an L- or T-shaped base, slightly turned up at its end. */
function foot(
  random: Random,
  traits: Traits,
  place: Place,
  from: Joint,
  direction: number,
  along: number,
  reach: number,
): Capsule[] {
  const length = reach * traits.scale * random.uniform(18, 34);
  const middle = { ...from, u: from.u + direction * length * 0.55, v: from.v + random.uniform(-2, 4) };
  const end = {
    ...from,
    u: from.u + direction * length,
    v: middle.v - random.uniform(0, 7),
    lumen: from.lumen * random.uniform(0.75, 1.1),
  };
  return [capsule(place, from, middle, along), capsule(place, middle, end, along + length * 0.55)];
}

/** A side branch from the middle of a crypt. */
function branch(random: Random, traits: Traits, from: Capsule, place: Place): Capsule {
  const [ox, oy] = place(0, 0);
  const [dx, dy] = place(random.chance(0.5) ? 1 : -1, random.uniform(0.5, 1));
  const length = traits.scale * random.uniform(22, 32);
  const norm = Math.sqrt((dx - ox) ** 2 + (dy - oy) ** 2);
  return {
    ...from,
    x0: from.x1,
    y0: from.y1,
    x1: from.x1 + ((dx - ox) / norm) * length,
    y1: from.y1 + ((dy - oy) / norm) * length,
    lumen0: from.lumen1,
    lumen1: from.lumen1 * 0.8,
  };
}

/** A crypt cut across: round for severity 0, irregular and wide for severity 1. */
function crossSection(
  random: Random,
  traits: Traits,
  severity: number,
  place: Place,
  u: number,
  v: number,
  depth: number,
): Crypt {
  const width = profile(traits, clamp(mix(depth, 1, 0.6 * severity), 0, 1));
  const stretch = mix(random.uniform(0, 6), random.uniform(8, 26), severity) * traits.scale;
  const turns = random.next();
  const from = { u, v, ...width };
  const to = { ...from, u: u + stretch * cosineOfTurns(turns), v: v + stretch * sineOfTurns(turns) };
  return {
    capsules: [capsule(place, from, to, 0)],
    thickness: traits.thickness,
    toothPeriod: traits.toothPeriod,
    mucin: traits.mucin,
  };
}

function capsule(place: Place, from: Joint, to: Joint, along: number): Capsule {
  const [x0, y0] = place(from.u, from.v);
  const [x1, y1] = place(to.u, to.v);
  return { x0, y0, x1, y1, lumen0: from.lumen, lumen1: to.lumen, teeth0: from.teeth, teeth1: to.teeth, along };
}
