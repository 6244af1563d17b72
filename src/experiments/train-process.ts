/** @module A training in a process of its own, so that its memory is its own; done once and then kept. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { HistoError, InputError, Interrupted } from "../errors/index";
import type { BinaryMetrics } from "../evaluation/index";
import type { Variant } from "../export/index";
import { projectRoot, readJson, writeJson } from "../files/index";
import type { DatasetOptions, TrainingOptions } from "../options/index";
import { type Progress, silentProgress } from "../progress/index";
import { RunDirectory } from "../runs/index";
import type { TrackingOptions } from "./track-training";

/** What `histo train --json` gives, as far as it matters here. */
export interface ProcessResult {
  readonly run: string;
  /** Directory of the exported model, where one was wanted. */
  readonly model?: string;
  readonly seconds: number;
  readonly secondsPerEpoch: number;
  readonly peakMemoryBytes: number;
  readonly validation: BinaryMetrics;
  readonly test: BinaryMetrics;
}

/** A training to be done. */
export interface ProcessTraining {
  readonly run: string;
  readonly data: string;
  readonly dataset: DatasetOptions;
  /** What the data set holds, see `datasetContentHash`. */
  readonly dataHash: string;
  readonly options: Partial<TrainingOptions>;
  readonly export: Variant | "none";
  /** A training that was stopped goes on; otherwise it begins anew, because time and memory are measured of whole trainings. */
  readonly resumable?: boolean;
}

/** Where the rest of the world is told and heard. */
export interface ProcessContext {
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
  /** How the training is logged to MLflow; not at all where absent. */
  readonly tracking?: Omit<TrackingOptions, "say"> | undefined;
}

/**
 * Trains in a process of its own, or gives what the same training gave before.
 * @throws {InputError} `COMPARISON_OTHER` where the directory holds another training
 * @throws {HistoError} `COMPARISON_FAILED`; {@link Interrupted}
 */
export async function trainOnce(training: ProcessTraining, context: ProcessContext): Promise<ProcessResult> {
  const kept = await keptResult(training);
  if (kept) return kept;
  if (!training.resumable) await clear(new RunDirectory(training.run));
  const result = await train(training, context);
  const record: KeptTraining = { settings: settingsOf(training), dataHash: training.dataHash, result };
  await writeJson(recordOf(training), record);
  return result;
}

/** A finished training as it is kept. */
interface KeptTraining {
  readonly settings: object;
  /** Absent where it was trained before this was noted: then any content will do. */
  readonly dataHash?: string;
  readonly result: ProcessResult;
}

const STOPPED = "Stopped; finished models are kept.";

/** What the same training gave before. @throws {InputError} `COMPARISON_OTHER` */
export async function keptResult(training: ProcessTraining): Promise<ProcessResult | undefined> {
  const { run, data, dataHash } = training;
  if (!existsSync(recordOf(training))) return undefined;
  const before = await readJson<KeptTraining>(recordOf(training));
  const remedy = "choose another directory (--out, --run), or delete it to train it again";
  if (!isDeepStrictEqual(before.settings, settingsOf(training))) {
    throw new InputError("COMPARISON_OTHER", `${run} was trained with other options or data; ${remedy}.`);
  }
  if ((before.dataHash ?? dataHash) !== dataHash) {
    throw new InputError(
      "COMPARISON_OTHER",
      `${run} was trained on other images or labels than ${data} holds now; ${remedy}.`,
    );
  }
  return { ...before.result, run };
}

function recordOf({ run }: ProcessTraining): string {
  return join(run, "process.json");
}

/** Without the directory and the hash, as it comes back from a file. */
function settingsOf({ run: _run, dataHash: _hash, resumable: _resumable, ...settings }: ProcessTraining): object {
  return JSON.parse(JSON.stringify(settings)) as object;
}

/** Makes room for a training that was stopped. Its log stays, so that it is the same MLflow run. */
async function clear(run: RunDirectory): Promise<void> {
  const entries = existsSync(run.path) ? await readdir(run.path) : [];
  for (const name of entries) {
    if (name !== basename(run.spool)) await rm(join(run.path, name), { recursive: true, force: true });
  }
}

/** `histo train --json` as a child process; its progress goes to this process's standard error. */
async function train(training: ProcessTraining, context: ProcessContext): Promise<ProcessResult> {
  const { progress, signal, tracking } = context;
  if (signal?.aborted) throw new Interrupted(STOPPED);
  const { run, data, dataset, options } = training;
  const goesOn = training.resumable && existsSync(new RunDirectory(run).config) ? ["--resume"] : [];
  const place = ["--data", resolve(data), "--run", run, ...goesOn];
  const choices = ["--options", JSON.stringify({ ...options, dataset })];
  const track = tracking ? ["--track-as", JSON.stringify(tracking)] : ["--no-track"];
  const command = [join(projectRoot(), "bin", "histo.cjs"), "train", ...place, ...choices, ...track];
  const child = spawn(process.execPath, [...command, "--json", "--export", training.export], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stop = () => child.kill("SIGINT");
  signal?.addEventListener("abort", stop);
  const text = { out: "", error: "" };
  child.stdout.on("data", (chunk: Buffer) => {
    text.out += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    text.error = (text.error + chunk).slice(-4000);
    if (progress !== silentProgress) process.stderr.write(chunk);
  });
  const status = await new Promise<number | null>((done, fail) => child.on("error", fail).on("close", done));
  signal?.removeEventListener("abort", stop);
  if (signal?.aborted) throw new Interrupted(STOPPED);
  if (status !== 0) {
    const reason = text.error.trim().split("\n").at(-1) ?? "";
    throw new HistoError("COMPARISON_FAILED", `Training ${basename(run)} failed: ${reason.replace(/^histo: /, "")}`);
  }
  return JSON.parse(text.out.trim().split("\n").at(-1) as string) as ProcessResult;
}
