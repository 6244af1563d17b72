/**
 * @module Tiles per second from a slide: `histo slide` against Python with OpenSlide or tifffile, Pillow and onnxruntime, on
 * the same pyramid (256-pixel JPEG tiles, as Aperio's), with the same tiles and model, decoding included, two workers each.
 */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import sharp from "sharp";
import { HistoError } from "../src/errors/index";
import { exportRun } from "../src/export/index";
import { Random } from "../src/random/index";
import { predictSlide } from "../src/slide/index";
import type { BenchmarkContext } from "./benchmark";
import { median } from "./median";
import { measurePython } from "./processes";
import { everyProcessor, keepTo } from "./processors";
import { peerPython } from "./python-peers";
import { writeReferenceRun } from "./reference-run";
import { inTemporaryFolder } from "./temporary-folder";

const ROUNDS = 3;
const WORKERS = 2;
const SIZE = 224;
/** 14,400 tiles, as a small slide at 20x has: with fewer, the start of the processes is a tenth of the time. */
const TILES_ALONG = 120;
/** A small network, so that reading the slide dominates. */
const UNITS = [64, 16, 1];
const PEERS = ["openslide", "tifffile"] as const;

/** One side's figures. */
interface SlideRow {
  readonly name: string;
  readonly tilesPerSecond: number;
  /** Processor time per tile, summed over all processors: other programs hardly affect it. */
  readonly processorMilliseconds: number;
  readonly workers: number;
}

interface SlideBenchmark {
  readonly name: "slide";
  readonly ours: SlideRow;
  /** OpenSlide with Pillow, as is usual. The rows also have tifffile with a cache of its tiles, written for this benchmark. */
  readonly peer: SlideRow;
  readonly ratio: number;
  /** Processor time of the peer divided by ours. */
  readonly processorRatio: number;
  readonly rows: readonly SlideRow[];
  readonly tiles: number;
  /** Speed of two workers on two processors divided by one on one; null where the system has no `taskset`. */
  readonly secondWorker: number | null;
  /** Largest difference between our logits and a peer's. */
  readonly largestDifference: number;
  readonly peakMemoryBytes: number;
}

type Sample = Pick<PeerAnswer, "tilesPerSecond" | "processorSeconds">;

interface PeerAnswer {
  readonly tilesPerSecond: number;
  readonly processorSeconds: number;
  readonly logits: readonly number[];
}

/** Runs for three to six minutes. @throws {HistoError} `PEER_MISSING` */
export async function run({ progress, budget, quick = false }: BenchmarkContext): Promise<SlideBenchmark> {
  return inTemporaryFolder(async (directory) => {
    const python = await peerPython([
      "numpy",
      "openslide-python",
      "openslide-bin",
      "tifffile",
      "imagecodecs",
      "onnxruntime",
    ]);
    const slide = await composeSlide(join(directory, "slide.tif"), quick ? 8 : TILES_ALONG);
    const [source, model] = [join(directory, "run"), join(directory, "model")];
    await writeReferenceRun(source, { size: SIZE, rank: 16, units: UNITS });
    await exportRun({ run: source, out: model, foldProjection: true, progress, signal: budget.signal });
    const ours = async (workers: number) => {
      const out = join(directory, "out");
      await rm(out, { recursive: true, force: true });
      const settings = { model, out, mpp: 0.5, workers, threads: workers, leastTissue: 0, signal: budget.signal };
      return predictSlide(slide, settings);
    };
    const rates = new Map<string, Sample[]>();
    const keep = (name: string, measured: Sample) => void rates.set(name, [...(rates.get(name) ?? []), measured]);
    let [largestDifference, peakMemoryBytes, tiles] = [0, 0, 0];
    await budget.rounds(quick ? 1 : ROUNDS, async (round) => {
      await onOneProcessor(async () => keep("one worker, one processor", await ours(1)));
      keep("one worker", await ours(1));
      const result = await ours(WORKERS);
      keep("histo", result);
      peakMemoryBytes = Math.max(peakMemoryBytes, result.peakMemoryBytes);
      const table = join(directory, "out", "tiles.csv");
      const rows = parse(await readFile(table), { columns: true }) as { logit: string }[];
      tiles = rows.length;
      for (const peer of PEERS) {
        const argv = [peer, slide, join(model, "model.onnx"), table, SIZE, WORKERS];
        const answer = await measurePython<PeerAnswer>({ budget }, python, "slide_peer.py", ...argv);
        keep(peer, answer);
        for (const [i, logit] of answer.logits.entries()) {
          largestDifference = Math.max(largestDifference, Math.abs(logit - Number(rows[i]?.logit)));
        }
      }
      progress.say(
        `round ${round + 1}: ${[...rates].map(([name, all]) => `${name} ${all.at(-1)?.tilesPerSecond.toFixed(0)}/s`).join(", ")}`,
      );
    });
    if (!(largestDifference < 1e-3)) {
      throw new HistoError("BENCH_DIFFERS", `The sides' logits differ by ${largestDifference}.`);
    }
    const row = (name: string, workers = WORKERS): SlideRow => {
      const of = (key: keyof Sample) => median((rates.get(name) ?? []).map((one) => one[key]));
      const processorMilliseconds = (1000 * of("processorSeconds")) / tiles;
      return { name, tilesPerSecond: of("tilesPerSecond"), processorMilliseconds, workers };
    };
    const peers = PEERS.map((name) => row(name));
    const peer = peers[0] as SlideRow;
    const own = row("histo");
    const single = row("one worker", 1);
    const held = rates.has("one worker, one processor") ? row("one worker, one processor", 1) : undefined;
    return {
      name: "slide",
      ours: own,
      peer,
      ratio: own.tilesPerSecond / peer.tilesPerSecond,
      processorRatio: peer.processorMilliseconds / own.processorMilliseconds,
      rows: [own, single, ...(held ? [held] : []), ...peers],
      tiles,
      secondWorker: held ? own.tilesPerSecond / held.tilesPerSecond : null,
      largestDifference,
      peakMemoryBytes,
    };
  });
}

/** Runs `work` with this process and its workers on one processor. Skips it where the system has no `taskset`. */
async function onOneProcessor(work: () => Promise<void>): Promise<void> {
  const every = everyProcessor();
  try {
    keepTo("0");
  } catch {
    return;
  }
  await work().finally(() => keepTo(every));
}

/** Writes a pyramid of tissue-like texture, a repeated square. @param along tiles along each side */
async function composeSlide(path: string, along: number): Promise<string> {
  const [side, drawn] = [along * SIZE, 4 * SIZE];
  const random = new Random(1, "slide");
  const data = Buffer.alloc(drawn * drawn * 3);
  const tints = Array.from({ length: 251 }, () => [
    170 + random.integer(70),
    90 + random.integer(110),
    150 + random.integer(80),
  ]);
  for (let y = 0, at = 0; y < drawn; y++) {
    for (let x = 0; x < drawn; x++) {
      const tint = tints[((x >> 3) * 31 + (y >> 3) * 57 + ((x * y) >> 9)) % tints.length] as number[];
      const grain = random.integer(16);
      for (let channel = 0; channel < 3; channel++) data[at++] = (tint[channel] as number) + grain - 8;
    }
  }
  const raw = { width: drawn, height: drawn, channels: 3 } as const;
  const density = { xres: 2000, yres: 2000, resolutionUnit: "cm" } as const;
  await sharp({ create: { width: side, height: side, channels: 3, background: "white" }, limitInputPixels: false })
    .composite([{ input: data, raw, tile: true }])
    .removeAlpha()
    .tiff({ tile: true, tileWidth: 256, tileHeight: 256, pyramid: true, compression: "jpeg", quality: 80, ...density })
    .toFile(path);
  return path;
}
