/**
 * @module Loads TensorFlow once per process: the native one if the set-up has built it, otherwise plain JavaScript. Importing
 * this file registers the backend with `@tensorflow/tfjs`.
 */
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { projectRoot } from "../files/index";
import { systemText, usableProcessors } from "../machine/index";

/** Sets of vector and matrix instructions; each includes the ones before it. */
export type CpuIsa = "plain" | "avx2" | "avx512" | "amx";

/** The limit for oneDNN inside TensorFlow, by the value of `HISTO_MAX_CPU_ISA`. */
const ONEDNN_LIMITS: Readonly<Record<string, string>> = { avx2: "AVX2", avx512: "AVX512_CORE_BF16" };

/** The TensorFlow that runs, for `histo doctor` and for choosing fused kernels. */
interface TensorFlowRuntime {
  readonly kind: "native" | "javascript";
  /** True if operations run on an NVIDIA GPU. */
  readonly gpu: boolean;
  /** True if the project's own update operations are available (see native/optimizers.cc). */
  readonly fusedUpdates: boolean;
  /** The instructions of those operations: the processor's best, limited by `HISTO_MAX_CPU_ISA`. */
  readonly isa?: CpuIsa;
  /** True if those operations can round the factors of a product to bfloat16 (AMX, AVX512-BF16). */
  readonly fusedBf16: boolean;
  /** Why there is no native TensorFlow; absent if there is one. */
  readonly problem?: string;
  /** What to do about it, if the set-up cannot help. */
  readonly remedy?: string;
}

/** Resolves packages from the project, even if the notebook kernel has compiled this file. */
export const projectRequire = createRequire(join(projectRoot(), "package.json"));

/** The variable that allows bf16 products. It must be set before TensorFlow starts; `precision.ts` decides on their use. */
export const BF16_ALLOWED = "TF_SET_ONEDNN_FPMATH_MODE";

/** Runs `work` without TensorFlow's start-up messages, if the set-up has compiled the addon (see native/quietly.cc). */
function quietly(work: () => unknown): unknown {
  if (process.env.TF_CPP_MIN_LOG_LEVEL === "0") return work();
  let addon: (work: () => unknown) => unknown;
  try {
    addon = projectRequire("@tensorflow/tfjs-node-gpu/lib/napi-v8/quietly.node");
  } catch {
    return work();
  }
  return addon(work);
}

const NO_FUSED = { fusedUpdates: false, fusedBf16: false } as const;

/** Adds the project's update operations to TensorFlow, if the set-up has compiled them. */
function loadFusedUpdates(): Pick<TensorFlowRuntime, "fusedUpdates" | "fusedBf16" | "isa"> {
  if (process.env.HISTO_FUSED_UPDATES === "0") return NO_FUSED;
  try {
    const addon = projectRequire("@tensorflow/tfjs-node-gpu/lib/napi-v8/optimizers.node") as {
      registered: boolean;
      isa: CpuIsa;
      bf16: boolean;
    };
    return addon.registered ? { fusedUpdates: true, fusedBf16: addon.bf16, isa: addon.isa } : NO_FUSED;
  } catch {
    return NO_FUSED;
  }
}

/** tfjs's plain backend otherwise greets at its first tensor, and recommends a package that does not work here. */
function plain(problem: string, remedy?: string): TensorFlowRuntime {
  Object.assign(tf.backend(), { firstUse: false });
  return { kind: "javascript", gpu: false, ...NO_FUSED, problem, ...(remedy && { remedy }) };
}

function load(): TensorFlowRuntime {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
  process.env.TF_ENABLE_ONEDNN_OPTS ??= "1";
  process.env[BF16_ALLOWED] ??= "BF16";
  // TensorFlow, and the project's own operations with it, would otherwise start a thread for each of the machine's processors.
  const processors = usableProcessors();
  if (processors < availableParallelism()) process.env.TF_NUM_INTRAOP_THREADS ??= String(processors);
  const limit = ONEDNN_LIMITS[process.env.HISTO_MAX_CPU_ISA ?? ""];
  if (limit) process.env.ONEDNN_MAX_CPU_ISA = limit;
  // tfjs-node 4.22 calls two functions that Node 22 and 24 deprecate and Node 23 and 24 lack.
  const legacy = projectRequire("node:util") as Record<string, (value: unknown) => boolean>;
  legacy.isNullOrUndefined = (value) => value === null || value === undefined;
  legacy.isArray = Array.isArray;
  if (process.env.HISTO_TENSORFLOW === "javascript") {
    return plain("HISTO_TENSORFLOW=javascript is set", "unset HISTO_TENSORFLOW");
  }
  if (lacksAvx()) {
    const remedy = "Train on another machine. Predicting and serving need no TensorFlow and are as fast as usual.";
    return plain("this processor has no AVX instructions, which TensorFlow needs", remedy);
  }
  try {
    const native = quietly(() => projectRequire("@tensorflow/tfjs-node-gpu")) as {
      backend(): { isUsingGpuDevice?: boolean };
    };
    const gpu = native.backend().isUsingGpuDevice === true;
    return { kind: "native", gpu, ...(gpu ? NO_FUSED : loadFusedUpdates()) };
  } catch (error) {
    return plain((error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "");
  }
}

export const runtime: TensorFlowRuntime = load();

/**
 * Whether an x86 processor lacks AVX, without which TensorFlow's library ends the process with an illegal instruction (Intel's before
 * 2011, many Atom, Celeron and Pentium, QEMU's default). @param cpuinfo the text of Linux's `/proc/cpuinfo`
 */
export function lacksAvx(cpuinfo = systemText("/proc/cpuinfo")): boolean {
  const flags = /^flags\s*:(.*)$/m.exec(cpuinfo)?.[1];
  return flags !== undefined && !/\bavx\b/.test(flags);
}
