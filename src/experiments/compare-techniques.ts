/**
 * @module A fair comparison: every technique through the same trainer, splits, threshold rule, evaluation and export, each
 * training in a process of its own so that its memory is its own.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { HistoError, Interrupted } from "../errors/index";
import {
  type BinaryMetrics,
  binaryMetrics,
  chooseThreshold,
  type Prediction,
  parseThresholdRule,
  readPredictions,
} from "../evaluation/index";
import { projectRoot, readJson, writeJson } from "../files/index";
import { Predictor } from "../inference/index";
import { type Progress, silentProgress } from "../progress/index";
import { Random } from "../random/index";
import { RunDirectory, type TrainingOptions } from "../runs/index";
import { type Technique, techniquesNamed } from "./techniques";

export interface TechniqueComparisonOptions {
  readonly data: string;
  /** Holds a run of each technique and `comparison.json`. Finished runs in it are not repeated. */
  readonly out: string;
  readonly models: readonly string[];
  /** Edge length of all models' input. */
  readonly size: number;
  /** At most so many epochs each. */
  readonly epochs?: number;
  readonly seed?: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** What a technique gave and what it costs. */
export interface ComparisonRow {
  readonly name: string;
  readonly title: string;
  readonly validation: BinaryMetrics;
  readonly test: BinaryMetrics;
  readonly parameters: number;
  /** Of the exported model. */
  readonly diskBytes: number;
  /** Largest resident memory of the training process. */
  readonly trainingMemoryBytes: number;
  readonly secondsPerEpoch: number;
  readonly trainingSeconds: number;
  /** Median of single images through the exported model, without decoding. */
  readonly latencyMs: number;
}

export interface TechniqueComparison {
  readonly data: string;
  readonly size: number;
  readonly seed: number;
  /** In the order of the techniques; an ensemble of the best three, by validation AUC, at the end. */
  readonly rows: readonly ComparisonRow[];
}

/** Trains and measures the techniques one after the other. @throws {InputError} `TECHNIQUE_UNKNOWN`; what training throws */
export async function compareTechniques(options: TechniqueComparisonOptions): Promise<TechniqueComparison> {
  const { size, seed = 0, progress = silentProgress, signal } = options;
  const techniques = techniquesNamed(options.models);
  const out = resolve(options.out);
  const rows: ComparisonRow[] = [];
  for (const technique of techniques) {
    const run = join(out, technique.name);
    const finished = join(run, "row.json");
    if (existsSync(finished)) {
      progress.say(`${technique.title}: kept from before.`);
      rows.push(await readJson<ComparisonRow>(finished));
      continue;
    }
    progress.say(technique.title);
    await rm(run, { recursive: true, force: true });
    const row = await measure(technique, await trainInOwnProcess(technique, run, options, signal), size);
    await writeJson(finished, row);
    rows.push(row);
  }
  if (rows.length >= 2) rows.push(await ensemble(rows, out));
  const comparison: TechniqueComparison = { data: resolve(options.data), size, seed, rows };
  await writeJson(join(out, "comparison.json"), comparison);
  return comparison;
}

interface TrainResult {
  readonly run: string;
  readonly model: string;
  readonly seconds: number;
  readonly secondsPerEpoch: number;
  readonly peakMemoryBytes: number;
  readonly validation: BinaryMetrics;
  readonly test: BinaryMetrics;
}

/** `histo train --json` as a child process; its progress goes to this process's standard error. */
async function trainInOwnProcess(
  technique: Technique,
  run: string,
  options: TechniqueComparisonOptions,
  signal: AbortSignal | undefined,
): Promise<TrainResult> {
  const recipe: Partial<TrainingOptions> = technique.options(options.size);
  const epochs = Math.min(recipe.epochs ?? 20, options.epochs ?? Number.POSITIVE_INFINITY);
  const settings = { ...recipe, epochs, size: options.size, seed: options.seed ?? 0 };
  const flags = Object.entries(settings).flatMap(([name, value]) => [
    `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    String(value),
  ]);
  const place = ["--data", resolve(options.data), "--run", run];
  const command = [join(projectRoot(), "bin", "histo.cjs"), "train", ...place, ...flags, "--no-track", "--json"];
  const child = spawn(process.execPath, [...command, "--export", "fp32"], { stdio: ["ignore", "pipe", "pipe"] });
  const stop = () => child.kill("SIGINT");
  signal?.addEventListener("abort", stop);
  const text = { out: "", error: "" };
  child.stdout.on("data", (chunk: Buffer) => {
    text.out += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    text.error = (text.error + chunk).slice(-4000);
    if (options.progress && options.progress !== silentProgress) process.stderr.write(chunk);
  });
  const status = await new Promise<number | null>((done, fail) => child.on("error", fail).on("close", done));
  signal?.removeEventListener("abort", stop);
  if (signal?.aborted) throw new Interrupted("Stopped; finished models are kept.");
  if (status !== 0) {
    const reason = text.error.trim().split("\n").at(-1) ?? "";
    throw new HistoError("COMPARISON_FAILED", `Training ${technique.name} failed: ${reason.replace(/^histo: /, "")}`);
  }
  return JSON.parse(text.out.trim().split("\n").at(-1) as string) as TrainResult;
}

async function measure(technique: Technique, result: TrainResult, size: number): Promise<ComparisonRow> {
  const config = await readJson<{ parameters: number }>(new RunDirectory(result.run).config);
  return {
    name: technique.name,
    title: technique.title,
    validation: result.validation,
    test: result.test,
    parameters: config.parameters,
    diskBytes: await bytesBelow(result.model),
    trainingMemoryBytes: result.peakMemoryBytes,
    secondsPerEpoch: result.secondsPerEpoch,
    trainingSeconds: result.seconds,
    latencyMs: await latency(result.model, size),
  };
}

async function bytesBelow(directory: string): Promise<number> {
  const sizes = (await readdir(directory)).map(async (name) => (await stat(join(directory, name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** Median time of single random images, after a warm-up. */
async function latency(model: string, size: number): Promise<number> {
  const predictor = await Predictor.open(model, {});
  const random = new Random(1, "latency");
  const pixels = Uint8Array.from({ length: size * size * 3 }, () => random.integer(256));
  const times: number[] = [];
  for (let i = 0; i < 35; i++) {
    const started = performance.now();
    await predictor.predictPixels(pixels, 1);
    if (i >= 5) times.push(performance.now() - started);
  }
  await predictor.close();
  return times.sort((a, b) => a - b)[15] as number;
}

/** The mean probability of the three models that were best on validation; it costs what they cost together. */
async function ensemble(rows: readonly ComparisonRow[], out: string): Promise<ComparisonRow> {
  const members = [...rows].sort((a, b) => b.validation.rocAuc - a.validation.rocAuc).slice(0, 3);
  const mean = async (partition: "validation" | "test") => {
    const each = await Promise.all(
      members.map(({ name }) => readPredictions(new RunDirectory(join(out, name)).predictions(partition))),
    );
    return (each[0] as Prediction[]).map((first, i) => {
      const sum = each.reduce((total, list) => total + (list[i] as Prediction).probability, 0);
      return { label: first.label, probability: sum / each.length };
    });
  };
  const [validation, test] = [await mean("validation"), await mean("test")];
  const split = (list: typeof validation) => ({
    labels: list.map(({ label }) => label),
    scores: list.map(({ probability }) => probability),
  });
  const rule = parseThresholdRule("balanced-accuracy");
  const chosen = split(validation);
  const { threshold } = chooseThreshold(chosen.labels, chosen.scores, rule);
  const metricsOf = (list: typeof validation) => {
    const { labels, scores } = split(list);
    return binaryMetrics(labels, scores, { threshold });
  };
  const total = (of: (row: ComparisonRow) => number) => members.reduce((sum, row) => sum + of(row), 0);
  return {
    name: "ensemble",
    title: `ensemble of ${members.map(({ name }) => name).join(", ")}`,
    validation: metricsOf(validation),
    test: metricsOf(test),
    parameters: total((row) => row.parameters),
    diskBytes: total((row) => row.diskBytes),
    trainingMemoryBytes: Math.max(...members.map((row) => row.trainingMemoryBytes)),
    secondsPerEpoch: total((row) => row.secondsPerEpoch),
    trainingSeconds: total((row) => row.trainingSeconds),
    latencyMs: total((row) => row.latencyMs),
  };
}
