/** @module Finds the fastest way to compute training steps on this processor: measured once and cached. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory, readJson, sha256, writeJson } from "../files/index";
import { processorName, usableProcessors, watchCores } from "../machine/index";
import { nativeBackend } from "./kernels";
import { type CpuIsa, projectRequire, runtime } from "./load";
import { candidatesOf } from "./step-cases";
import {
  type Candidate,
  fastestWay,
  plainWay,
  type StepWay,
  stepWays,
  type TimedWay,
  timeWays,
  type Workload,
} from "./step-ways";

/** Everything about this process's processor that affects speed. */
export interface Processor {
  readonly name: string;
  /** Instructions of the project's own operations, if available. */
  readonly isa?: CpuIsa;
  readonly threads: number;
}

/** The choice and what it is based on, for `histo doctor`. */
export interface StepChoice {
  readonly workload: Workload;
  readonly processor: Processor;
  /** Empty if there is only one way. */
  readonly times: readonly TimedWay[];
  readonly chosen: StepWay;
  /** True if other programs used the processor's cores while the ways were timed: the times are processor time per thread. */
  readonly disturbed?: true;
}

/** Increase it where the way of timing changes: times of the former one, such as disturbed ones, do not count then. */
const METHOD = 3;

interface ChoiceOptions {
  /** Only ways of this precision. */
  readonly precision?: StepWay["precision"] | "auto";
  /** Folder for the times. Default `processors` in the cache folder. */
  readonly directory?: string;
  /** The ways to time. Default: those of this process. */
  readonly candidates?: readonly Candidate[];
}

export function processor(): Processor {
  const threads = Number(process.env.TF_NUM_INTRAOP_THREADS) || usableProcessors();
  return { name: processorName(), ...(runtime.isa && { isa: runtime.isa }), threads };
}

/**
 * The fastest way for a workload, from the cache or measured now, which takes some tenths of a second. Unreadable times are
 * measured again; if they cannot be written, or other programs disturbed them, the next process measures them again.
 */
export async function chooseStepWay(workload: Workload, options: ChoiceOptions = {}): Promise<StepChoice> {
  const { precision = "auto", directory = join(cacheDirectory(), "processors") } = options;
  const here = processor();
  const ways = options.candidates ?? stepWays(workload);
  if (ways.length < 2) {
    return { workload, processor: here, times: [], chosen: { ...(ways[0] ?? plainWay), ...exactly(precision) } };
  }
  const basis = { workload, processor: here, limits: limits(), software: software(), ways: ways.map(nameOf), METHOD };
  const path = join(directory, `${workload}-${sha256(JSON.stringify(basis)).slice(0, 16)}.json`);
  const cached = await readTimes(path, ways);
  const { times, disturbed } = cached ? { times: cached, disturbed: false } : measured(workload, options.candidates);
  if (!cached && !disturbed) {
    await writeJson(path, { ...basis, times, chosen: fastestWay(times) }).catch(() => undefined);
  }
  const chosen = fastestWay(times, precision);
  return { workload, processor: here, times, chosen, ...(disturbed && { disturbed }) };
}

/** A readable name: `bf16, product`. */
const nameOf = ({ precision, updates }: StepWay): string => `${precision}, ${updates}`;

const exactly = (precision: ChoiceOptions["precision"]) => (precision && precision !== "auto" ? { precision } : {});

interface Measured {
  readonly times: TimedWay[];
  readonly disturbed: boolean;
}

function measured(workload: Workload, given: readonly Candidate[] | undefined): Measured {
  if (given) return timed(given);
  const { candidates, dispose } = candidatesOf(workload);
  try {
    return timed(candidates);
  } finally {
    dispose();
  }
}

/** A process that has the cores for itself computes in at least one thread all the time. */
const LEAST_CORES = 0.9;
/** Other programs disturb if they take more than this share of the cores that the steps use. */
const MOST_TAKEN = 0.1;
/** Shorter measurements say nothing about the cores. */
const TELLING_MS = 50;

/**
 * A step whose threads wait for each other takes twice as long when another program has one of two cores, whichever way it
 * is computed. The processor time of a way hardly depends on that, so it ranks the ways then.
 */
function timed(candidates: readonly Candidate[]): Measured {
  const { threads } = processor();
  const [started, coresUsed] = [performance.now(), watchCores()];
  const times = timeWays(candidates);
  const { own, others, all } = coresUsed();
  const taken = (others - Math.max(0, all - threads)) / threads;
  const disturbed = performance.now() - started > TELLING_MS && (own < LEAST_CORES || taken > MOST_TAKEN);
  const counted = times.map(({ processorSeconds, ...way }) =>
    disturbed ? { ...way, seconds: processorSeconds / threads } : way,
  );
  return { times: counted, disturbed };
}

/** The times in a file, if they are those of the given ways. */
async function readTimes(path: string, ways: readonly StepWay[]): Promise<TimedWay[] | undefined> {
  const content = await readJson<{ times?: unknown } | null>(path).catch(() => undefined);
  const times = content?.times;
  if (!Array.isArray(times) || times.length !== ways.length) return undefined;
  const whole = ways.every((way, i) => {
    const { precision, updates, seconds } = (times[i] ?? {}) as Partial<TimedWay>;
    return precision === way.precision && updates === way.updates && (seconds as number) > 0;
  });
  return whole ? (times as TimedWay[]) : undefined;
}

/** Other environment variables that limit products. */
function limits(): Record<string, string | undefined> {
  const names = ["ONEDNN_MAX_CPU_ISA", "TF_ENABLE_ONEDNN_OPTS", "TF_SET_ONEDNN_FPMATH_MODE", "OMP_NUM_THREADS"];
  return Object.fromEntries(names.map((name) => [name, process.env[name]]));
}

/** Identifies the operations, because the times depend on them. */
function software(): string[] {
  const own = ["optimizers", "networks"].map((name) => {
    try {
      const file = projectRequire.resolve(`@tensorflow/tfjs-node-gpu/lib/napi-v8/${name}.node`);
      return sha256(readFileSync(file)).slice(0, 16);
    } catch {
      return "";
    }
  });
  return [nativeBackend().binding.TF_Version, ...own];
}
