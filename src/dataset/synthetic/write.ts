/** @module Plans and writes a synthetic data set in MHIST's layout. */
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { hasErrorCode, InputError, Interrupted } from "../../errors/index";
import { makeDirectory, mustBeReplaceable, writeFileAtomically, writeFolderAtomically } from "../../files/index";
import { counted } from "../../format/index";
import { encodePng } from "../../image/index";
import { type Progress, silentProgress } from "../../progress/index";
import { Random } from "../../random/index";
import { DRAWN_FILE, DRAWN_TEXT } from "../data-folder";
import { clamp, smoothStep } from "./arithmetic";
import { TilePainter, type TileSpecification } from "./tile";

interface SyntheticOptions {
  readonly out: string;
  /** Number of tiles, at least 20; 600 by default. */
  readonly images?: number;
  /** Edge length in pixels, at least 16; 224 by default. */
  readonly size?: number;
  readonly seed?: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

export interface SyntheticSummary extends Required<Pick<SyntheticOptions, "out" | "images" | "size" | "seed">> {
  readonly classes: Readonly<Record<string, { readonly train: number; readonly test: number }>>;
}

/** Header of MHIST's `annotations.csv`. */
const HEADER = "Image Name,Majority Vote Label,Number of Annotators who Selected SSA (Out of 7),Partition";
const AT_ONCE = 8;

/**
 * Draws the tiles of a data set and writes `annotations.csv` and `images/`. The directory appears when it is complete;
 * the same options give the same bytes.
 * @throws {InputError} `SYNTH_OUT_NOT_EMPTY` where `out` exists and has content
 * @throws {Interrupted} when `signal` is aborted; nothing is left behind
 */
export async function writeSyntheticDataset(options: SyntheticOptions): Promise<SyntheticSummary> {
  const { images = 600, size = 224, seed = 0, progress = silentProgress, signal } = options;
  const out = resolve(options.out);
  await refuseContent(out);
  await mustBeReplaceable("--out", out);
  const plan = planTiles(images, seed);
  await writeFolderAtomically(out, async (folder) => {
    await makeDirectory(join(folder, "images"));
    await paintAll(plan, new TilePainter(seed, size), join(folder, "images"), progress, signal);
    await writeFileAtomically(join(folder, "annotations.csv"), annotations(plan));
    await writeFileAtomically(join(folder, DRAWN_FILE), DRAWN_TEXT);
  });
  return { out, images, size, seed, classes: countClasses(plan) };
}

async function refuseContent(out: string): Promise<void> {
  const content = await readdir(out).catch((error: unknown) => {
    if (hasErrorCode(error, "ENOENT")) return [];
    if (hasErrorCode(error, "ENOTDIR")) return ["a file"];
    throw error;
  });
  if (content.length > 0) {
    throw new InputError("SYNTH_OUT_NOT_EMPTY", `--out ${out} is not an empty directory; name a new one or remove it.`);
  }
}

/** Draws on this thread while earlier tiles are compressed and written on others. */
async function paintAll(
  plan: readonly PlannedTile[],
  painter: TilePainter,
  directory: string,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<void> {
  const task = progress.start("Drawing tiles", plan.length, "tiles");
  const writing: Promise<void>[] = [];
  let done = 0;
  try {
    for (const tile of plan) {
      if (signal?.aborted) throw new Interrupted("Stopped; no data set was written.");
      const write = encodePng(painter.paint(tile), painter.size, painter.size)
        .then((png) => writeFileAtomically(join(directory, tile.name), png))
        .then(() => task.update(++done));
      void write.catch(() => undefined); // awaited below; until then a failure is not "unhandled"
      writing.push(write);
      if (writing.length >= AT_ONCE) await writing.shift();
    }
    await Promise.all(writing);
  } finally {
    await Promise.allSettled(writing);
  }
  task.finish(counted(plan.length, "tile"));
}

function annotations(plan: readonly PlannedTile[]): string {
  const rows = plan.map(({ name, label, votes, partition }) => `${name},${label},${votes},${partition}\n`);
  return `${HEADER}\n${rows.join("")}`;
}

function countClasses(plan: readonly PlannedTile[]): SyntheticSummary["classes"] {
  const count = (label: string, partition: string) =>
    plan.filter((tile) => tile.label === label && tile.partition === partition).length;
  return Object.fromEntries(
    CLASSES.map((label) => [label, { train: count(label, "train"), test: count(label, "test") }]),
  );
}

export const EXPERTS = 7;
/** The classes: hyperplastic polyp (negative) and sessile serrated adenoma (positive). */
const CLASSES = ["HP", "SSA"] as const;

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
