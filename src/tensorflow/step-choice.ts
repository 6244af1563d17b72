/** @module Which way of computing training steps is fastest on this processor, measured once and kept in the cache. */
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { cacheDirectory, readJson, sha256, writeJson } from "../files/index";
import { nativeBackend } from "./kernels";
import { type CpuIsa, projectRequire, runtime } from "./load";
import {
  type Candidate,
  candidatesOf,
  fastestWay,
  plainWay,
  type StepWay,
  stepWays,
  type TimedWay,
  timeWays,
  type Workload,
} from "./step-ways";

/** The processor of this process as far as speed depends on it. */
export interface Processor {
  /** As the system calls it; on Linux with the model's number, as several processors may have one name. */
  readonly name: string;
  /** Instructions that the project's own operations use, where they are there. */
  readonly isa?: CpuIsa;
  readonly threads: number;
}

/** What {@link chooseStepWay} goes by, for `histo doctor`. */
export interface StepChoice {
  readonly workload: Workload;
  readonly processor: Processor;
  /** Empty where there is only one way. */
  readonly times: readonly TimedWay[];
  readonly chosen: StepWay;
}

interface ChoiceOptions {
  /** Leaves only ways of this precision. */
  readonly precision?: StepWay["precision"] | "auto";
  /** Where times are kept; `processors` in the cache folder by default. */
  readonly directory?: string;
  /** What to time in place of this process's own ways. */
  readonly candidates?: readonly Candidate[];
}

/** The processor that this process runs on. */
export function processor(): Processor {
  const model = existsSync("/proc/cpuinfo")
    ? /^model\s*:\s*(\d+)/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1]
    : undefined;
  const name = cpus()[0]?.model.trim() || process.arch;
  const threads = Number(process.env.TF_NUM_INTRAOP_THREADS) || availableParallelism();
  return { name: model ? `${name}, model ${model}` : name, ...(runtime.isa && { isa: runtime.isa }), threads };
}

/**
 * The fastest way for a workload: kept from before, or measured now, which takes some tenths of a second. Times that
 * cannot be read are measured again; where they cannot be kept, they are measured by every process.
 */
export async function chooseStepWay(workload: Workload, options: ChoiceOptions = {}): Promise<StepChoice> {
  const { precision = "auto", directory = join(cacheDirectory(), "processors") } = options;
  const here = processor();
  const ways = options.candidates ?? stepWays(workload);
  if (ways.length < 2) {
    return { workload, processor: here, times: [], chosen: { ...(ways[0] ?? plainWay), ...exactly(precision) } };
  }
  const basis = { workload, processor: here, limits: limits(), software: software(), ways: ways.map(nameOf) };
  const path = join(directory, `${workload}-${sha256(JSON.stringify(basis)).slice(0, 16)}.json`);
  let times = await kept(path, ways);
  if (!times) {
    times = measured(workload, options.candidates);
    await writeJson(path, { ...basis, times, chosen: fastestWay(times) }).catch(() => undefined);
  }
  return { workload, processor: here, times, chosen: fastestWay(times, precision) };
}

/** A name for people: `bf16, product`. */
export const nameOf = ({ precision, updates }: StepWay): string => `${precision}, ${updates}`;

const exactly = (precision: ChoiceOptions["precision"]) => (precision && precision !== "auto" ? { precision } : {});

function measured(workload: Workload, given: readonly Candidate[] | undefined): TimedWay[] {
  if (given) return timeWays(given);
  const { candidates, dispose } = candidatesOf(workload);
  try {
    return timeWays(candidates);
  } finally {
    dispose();
  }
}

/** The times in a file, where they are those of the given ways. */
async function kept(path: string, ways: readonly StepWay[]): Promise<TimedWay[] | undefined> {
  const content = await readJson<{ times?: unknown } | null>(path).catch(() => undefined);
  const times = content?.times;
  if (!Array.isArray(times) || times.length !== ways.length) return undefined;
  const whole = ways.every((way, i) => {
    const { precision, updates, seconds } = (times[i] ?? {}) as Partial<TimedWay>;
    return precision === way.precision && updates === way.updates && (seconds as number) > 0;
  });
  return whole ? (times as TimedWay[]) : undefined;
}

/** What else in the environment limits products. */
function limits(): Record<string, string | undefined> {
  const names = ["ONEDNN_MAX_CPU_ISA", "TF_ENABLE_ONEDNN_OPTS", "TF_SET_ONEDNN_FPMATH_MODE", "OMP_NUM_THREADS"];
  return Object.fromEntries(names.map((name) => [name, process.env[name]]));
}

/** Other operations have other times. */
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
