/**
 * @module The instruction set that both sides of a benchmark use: the processor's best, or the limit in `HISTO_MAX_CPU_ISA`.
 * Each library has its own setting for this, and is checked.
 */
import { availableParallelism } from "node:os";
import { HistoError, InputError } from "../src/errors/index";
import { processorName } from "../src/machine/index";
import type { CpuIsa } from "../src/tensorflow/index";
import { outputOfOurs, outputOfPython } from "./processes";

/** The limits of PyTorch's kernels, of its oneDNN and of MKL; this project limits its own TensorFlow. */
const LIMITS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  avx2: { ATEN_CPU_CAPABILITY: "avx2", ONEDNN_MAX_CPU_ISA: "AVX2", MKL_ENABLE_INSTRUCTIONS: "AVX2" },
  avx512: { ATEN_CPU_CAPABILITY: "avx512", ONEDNN_MAX_CPU_ISA: "AVX512_CORE_BF16", MKL_ENABLE_INSTRUCTIONS: "AVX512" },
};
const ORDER: readonly CpuIsa[] = ["plain", "avx2", "avx512", "amx"];

/** Where a benchmark ran. */
export interface Machine {
  /** The processor's name and its number of cores. */
  readonly processor: string;
  /** The best that either side used. */
  readonly instructionSet: CpuIsa;
  /** The limit that was set, where one was. */
  readonly instructionLimit?: string;
}

/** Applies `HISTO_MAX_CPU_ISA` to the peers that this process starts. @throws {InputError} `BENCH_LIMIT_UNKNOWN` */
export function limitPeers(): void {
  const limit = process.env.HISTO_MAX_CPU_ISA;
  if (!limit || limit === "amx") return;
  const variables = LIMITS[limit];
  if (!variables) {
    const message = `HISTO_MAX_CPU_ISA=${limit} is not one of ${Object.keys(LIMITS).join(", ")}, amx.`;
    throw new InputError("BENCH_LIMIT_UNKNOWN", message);
  }
  Object.assign(process.env, variables);
}

/** The machine, as this project's side uses it. @throws {HistoError} `BENCH_LIMIT` where that side exceeds the limit */
export async function machine(): Promise<Machine> {
  const { own, oneDnn } = readAnswer(await outputOfOurs({ ONEDNN_VERBOSE: "1" }, "instructions-worker.js"));
  const limit = process.env.HISTO_MAX_CPU_ISA;
  mustKeepTo(limit, "This project's own operations", own);
  mustKeepTo(limit, "oneDNN in TensorFlow", oneDnn);
  return {
    processor: `${processorName()}, ${availableParallelism()} cores`,
    instructionSet: oneDnn,
    ...(limit && { instructionLimit: limit }),
  };
}

const ASK = `
import json, torch
with torch.inference_mode(): torch.nn.Conv2d(16, 16, 3)(torch.ones(8, 16, 32, 32))
capability = torch.backends.cpu.get_cpu_capability()
print(json.dumps({"own": {"AVX512": "avx512", "AVX2": "avx2"}.get(capability, "plain")}))`;

/** Checks PyTorch. @throws {HistoError} `BENCH_LIMIT` where it exceeds the limit */
export async function mustKeepToLimit(python: string): Promise<void> {
  const limit = process.env.HISTO_MAX_CPU_ISA;
  if (!limit) return;
  const { own, oneDnn } = readAnswer(
    await outputOfPython({ ONEDNN_VERBOSE: "1" }, python, ["-W", "ignore", "-c", ASK]),
  );
  mustKeepTo(limit, "PyTorch", own);
  mustKeepTo(limit, "oneDNN in PyTorch", oneDnn);
}

/** Refuses a limit, because onnxruntime has no setting for it. @throws {InputError} `BENCH_LIMIT` */
export function mustHaveNoLimit(): void {
  if (!process.env.HISTO_MAX_CPU_ISA) return;
  throw new InputError("BENCH_LIMIT", "onnxruntime's instruction set cannot be limited; unset HISTO_MAX_CPU_ISA.");
}

function mustKeepTo(limit: string | undefined, who: string, isa: CpuIsa): void {
  if (!limit || ORDER.indexOf(isa) <= ORDER.indexOf(limit as CpuIsa)) return;
  throw new HistoError("BENCH_LIMIT", `${who} uses ${isa}, although HISTO_MAX_CPU_ISA is ${limit}.`);
}

/** Reads the JSON on the last line of an output, and oneDNN's own report before it. */
function readAnswer(output: string): { own: CpuIsa; oneDnn: CpuIsa } {
  const { own } = JSON.parse(output.trimEnd().split("\n").at(-1) ?? "") as { own: CpuIsa };
  const name = /cpu,isa:(.*)/.exec(output)?.[1] ?? "";
  const oneDnn = /AMX/.test(name)
    ? "amx"
    : /AVX-?512|AVX10/.test(name)
      ? "avx512"
      : /AVX2/.test(name)
        ? "avx2"
        : "plain";
  return { own, oneDnn };
}
