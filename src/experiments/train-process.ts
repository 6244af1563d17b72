/** @module Trains in a separate process, so that its memory can be measured, and stores the result for the next time. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";
import { type DatasetOptions, LATEST_READING, type Reading } from "../dataset/index";
import { HistoError, InputError, Interrupted } from "../errors/index";
import { projectRoot, readJson, writeJson } from "../files/index";
import type { TrainingOptions } from "../options/index";
import { type Progress, silentProgress } from "../progress/index";
import { type RunConfig, RunDirectory } from "../runs/index";
import type { TrainingPart } from "../training/index";
import { type ExperimentResult, type ExportChoice, lockRun, usualVariant } from "./run-experiment";
import type { TrackingOptions } from "./track-training";

/** The part of the output of `histo train --json` that is used here. */
export type ProcessResult = Pick<
  ExperimentResult,
  "run" | "model" | "seconds" | "secondsPerEpoch" | "peakMemoryBytes" | "validation" | "test"
>;

/** Settings of a training. */
export interface ProcessTraining extends TrainingPart {
  readonly run: string;
  readonly data: string;
  readonly dataset: DatasetOptions;
  /** Hash of the data set's contents, see `datasetContentHash`. */
  readonly dataHash: string;
  readonly options: Partial<TrainingOptions>;
  readonly export: ExportChoice;
  /** Continue a stopped training. By default it starts again, because time and memory are measured over a whole training. */
  readonly resumable?: boolean;
}

/** How the data set is read: as by the trainings that are in these directories already, so that all have the same split. */
export async function readingOf(runs: readonly string[]): Promise<Reading> {
  const begun = runs.map((run) => new RunDirectory(run).config).find(existsSync);
  return begun === undefined ? LATEST_READING : ((await readJson<RunConfig>(begun)).reading ?? 1);
}

export interface ProcessContext {
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
  /** How the training is logged to MLflow. If missing, it is not logged. */
  readonly tracking?: Omit<TrackingOptions, "say"> | undefined;
}

/**
 * Trains in a separate process, or returns the stored result of the same training.
 * @throws {InputError} `COMPARISON_OTHER` @throws {HistoError} `COMPARISON_FAILED`; {@link Interrupted}
 */
export async function trainOnce(training: ProcessTraining, context: ProcessContext): Promise<ProcessResult> {
  const stored = await storedResult(training);
  if (stored) return stored;
  if (!training.resumable) await clear(training.run);
  const result = await train(training, context);
  const record: StoredTraining = { settings: settingsOf(training), dataHash: training.dataHash, result };
  await writeJson(recordOf(training), record);
  return result;
}

/** The record of a finished training. */
interface StoredTraining {
  readonly settings: object;
  /** Missing in older records, which are valid for any contents. */
  readonly dataHash?: string;
  readonly result: ProcessResult;
}

/** @param training one that is resumed may lie in a folder that was named for it */
function stopped({ run, resumable }: ProcessTraining): Interrupted {
  const place = resumable ? ` with --run ${dirname(run)}` : "";
  return new Interrupted(`Stopped; repeat the command${place} to continue. Finished models are kept.`);
}

/** The stored result of the same training. @throws {InputError} `COMPARISON_OTHER` */
export async function storedResult(training: ProcessTraining): Promise<ProcessResult | undefined> {
  const { run, data, dataHash } = training;
  if (!existsSync(recordOf(training))) return undefined;
  const stored = await readJson<StoredTraining>(recordOf(training));
  const other = (difference: string) => {
    const remedy = "choose another directory (--out, --run), or delete it to train it again";
    return new InputError("COMPARISON_OTHER", `${run} was trained ${difference}; ${remedy}.`);
  };
  if (!isDeepStrictEqual(stored.settings, settingsOf(training))) throw other("with other options or data");
  if ((stored.dataHash ?? dataHash) !== dataHash) throw other(`on other images or labels than ${data} holds now`);
  return { ...stored.result, run };
}

function recordOf({ run }: ProcessTraining): string {
  return join(run, "process.json");
}

/** What decides the result, in the form in which JSON returns it. */
function settingsOf({ data, dataset, options, export: choice }: ProcessTraining): object {
  const variant = choice === "auto" ? usualVariant(options) : choice;
  return JSON.parse(JSON.stringify({ data, dataset, options, export: variant })) as object;
}

/**
 * Deletes a stopped training, except its log, so that the new training continues the same MLflow run.
 * @throws {InputError} `RUN_BUSY` if it has not stopped: killed comparisons leave their training behind for a while
 */
async function clear(run: string): Promise<void> {
  if (!existsSync(run)) return;
  const unlock = await lockRun(run);
  try {
    const kept = [basename(new RunDirectory(run).spool), "lock"];
    for (const name of await readdir(run)) {
      if (!kept.includes(name.split(".")[0] as string)) await rm(join(run, name), { recursive: true, force: true });
    }
  } finally {
    unlock();
  }
}

/** The sentences that trainings have said to a progress: what is true of the data set, all of them say. */
const saidBefore = new WeakMap<Progress, Set<string>>();

/** Runs `histo train --json` as a child process, whose progress goes to the standard error of this process, each sentence once. */
async function train(training: ProcessTraining, context: ProcessContext): Promise<ProcessResult> {
  const { progress, signal, tracking } = context;
  if (signal?.aborted) throw stopped(training);
  const { run, data, dataset, options, reading, bestOf } = training;
  const resume = training.resumable && existsSync(new RunDirectory(run).config) ? ["--resume"] : [];
  const place = ["--data", resolve(data), "--run", run, ...resume];
  const choices = [
    "--options",
    JSON.stringify({ ...options, dataset }),
    "--part-of",
    JSON.stringify({ reading, bestOf }),
  ];
  const track = tracking ? ["--track-as", JSON.stringify(tracking)] : ["--no-track"];
  const command = [join(projectRoot(), "bin", "histo.cjs"), "train", ...place, ...choices, ...track];
  const child = spawn(process.execPath, [...command, "--json", "--export", training.export], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  // Ctrl-C on a terminal reaches the child too, where a second SIGINT would end it before its checkpoint.
  const stop = () => child.kill("SIGTERM");
  signal?.addEventListener("abort", stop);
  let [output, errors] = ["", ""];
  // A character may lie in two chunks.
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  const said = saidBefore.get(progress) ?? new Set();
  saidBefore.set(progress, said);
  if (progress !== silentProgress) {
    createInterface(child.stderr).on("line", (line) => {
      // To resume one of several trainings would not continue the others.
      if (line.startsWith("histo: Stopped;")) return;
      if (!said.has(line)) process.stderr.write(`${line}\n`);
      if (line.endsWith(".")) said.add(line);
    });
  }
  const status = await new Promise<number | null>((done, fail) => child.on("error", fail).on("close", done));
  signal?.removeEventListener("abort", stop);
  if (signal?.aborted) throw stopped(training);
  if (status !== 0) {
    const reason = errors.trim().split("\n").at(-1) ?? "";
    throw new HistoError("COMPARISON_FAILED", `Training ${basename(run)} failed: ${reason.replace(/^histo: /, "")}`);
  }
  return JSON.parse(output.trim().split("\n").at(-1) as string) as ProcessResult;
}
