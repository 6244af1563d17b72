/** @module Which tiles a synthetic data set has: names, partitions, labels and votes, in MHIST's proportions. */
import { Random } from "../../random/index";
import { clamp, smoothStep } from "./arithmetic";
import type { TileSpecification } from "./tile";

/** Number of simulated pathologists. */
export const EXPERTS = 7;
/** The classes: hyperplastic polyp (negative) and sessile serrated adenoma (positive). */
export const CLASSES = ["HP", "SSA"] as const;

/** One tile to be drawn and its row in `annotations.csv`. */
export interface PlannedTile extends TileSpecification {
  /** File name, such as `MHIST_aab.png`. */
  readonly name: string;
  readonly label: (typeof CLASSES)[number];
  /** How many of the seven experts chose SSA; four or more if the label is SSA. */
  readonly votes: number;
  readonly partition: "train" | "test";
}

/** MHIST: 2175 training tiles with 630 SSA, 977 test tiles with 360 SSA. */
const TRAIN_SHARE = 2175 / 3152;
const SSA_SHARE = { train: 630 / 2175, test: 360 / 977 } as const;

/** Plans a data set: exact class shares in both partitions, everything else drawn from the seed. */
export function planTiles(images: number, seed: number): PlannedTile[] {
  const random = new Random(seed, "synthetic", "plan");
  const train = Math.round(images * TRAIN_SHARE);
  const kinds = [...kindsOf("train", train), ...kindsOf("test", images - train)];
  random.shuffle(kinds);
  return kinds.map(({ partition, label }, index) => {
    const severity = drawSeverity(random, label);
    return {
      index,
      name: nameOf(index, images),
      label,
      votes: drawVotes(random, label, severity),
      severity,
      partition,
    };
  });
}

function kindsOf(partition: "train" | "test", count: number): Pick<PlannedTile, "partition" | "label">[] {
  const positive = Math.round(count * SSA_SHARE[partition]);
  return Array.from({ length: count }, (_, i) => ({ partition, label: i < positive ? "SSA" : "HP" }));
}

/** The latent variable: far from 0.5 for typical tiles, near it for those that experts disagree about. */
function drawSeverity(random: Random, label: PlannedTile["label"]): number {
  const difficulty = random.next() ** 1.8;
  const distance = 0.5 * (1 - difficulty);
  return label === "SSA" ? 0.5 + distance : 0.5 - distance;
}

/** Seven independent votes, drawn again until their majority is the label. */
function drawVotes(random: Random, label: PlannedTile["label"], severity: number): number {
  const probability = clamp(0.04 + 0.92 * smoothStep(0.1, 0.9, severity), 0, 1);
  for (;;) {
    let votes = 0;
    for (let expert = 0; expert < EXPERTS; expert++) votes += random.chance(probability) ? 1 : 0;
    if (votes > EXPERTS / 2 === (label === "SSA")) return votes;
  }
}

/** `MHIST_aaa.png`, `MHIST_aab.png` and so on; four letters where three are not enough. */
function nameOf(index: number, images: number): string {
  const length = images > 26 ** 3 ? 4 : 3;
  let letters = "";
  for (let i = 0, rest = index; i < length; i++, rest = Math.floor(rest / 26)) {
    letters = String.fromCharCode(97 + (rest % 26)) + letters;
  }
  return `MHIST_${letters}.png`;
}
