/** @module Writes a synthetic data set in MHIST's layout. */
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { hasErrorCode, InputError, Interrupted } from "../../errors/index";
import { makeDirectory, mustBeReplaceable, writeFileAtomically, writeFolderAtomically } from "../../files/index";
import { counted } from "../../format/index";
import { encodePng } from "../../image/index";
import { type Progress, silentProgress } from "../../progress/index";
import { DRAWN_FILE, DRAWN_TEXT } from "../data-folder";
import { CLASSES, type PlannedTile, planTiles } from "./plan";
import { TilePainter } from "./tile";

interface SyntheticOptions {
  /** Directory to create. */
  readonly out: string;
  /** Number of tiles, at least 20; 600 by default. */
  readonly images?: number;
  /** Edge length in pixels, at least 16; 224 by default. */
  readonly size?: number;
  readonly seed?: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** What was written. */
export interface SyntheticSummary extends Required<Pick<SyntheticOptions, "out" | "images" | "size" | "seed">> {
  /** Tiles per class and partition. */
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
