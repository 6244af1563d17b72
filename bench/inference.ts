/**
 * @module Inference of the reference network (150528-2352-2352-294-1): this project's predictor against Python's onnxruntime
 * and PyTorch on the same files, in turns, each in its own process; medians over rounds. Both forms of the network are
 * measured, fp32 and compact, and each is compared with the peer's same form.
 */
import { rm, stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { HistoError } from "../src/errors/index";
import { exportRun } from "../src/export/index";
import { largePagesFor } from "../src/machine/index";
import type { BenchmarkContext } from "./benchmark";
import { type ColdStart, measureColdStart } from "./cold-start";
import type { InferenceTimes } from "./inference-worker";
import { mustHaveNoLimit } from "./instructions";
import { median } from "./median";
import { measureOurs, measurePython, type ProcessTime } from "./processes";
import { peerPython } from "./python-peers";
import { type ReferenceShape, referenceShape, writeReferenceRun } from "./reference-run";
import { inTemporaryFolder } from "./temporary-folder";
import type { TimeBudget } from "./time-budget";

const ROUNDS = 3;
const PEER = "inference_peer.py";
const THREADS = Math.min(2, availableParallelism());
const QUICK: ReferenceShape = { size: 64, rank: 32, units: [235, 235, 29, 1] };

/** The weights as trained, or 8-bit weights after a low-rank first layer. */
type Form = "fp32" | "compact";

/** One runtime with one form of the network. */
interface InferenceRow extends InferenceTimes {
  readonly name: string;
  readonly model: Form;
  /** Bytes of weights read per second at batch 1, as a share of the bytes that a plain copy moves. */
  readonly bandwidthShare: number;
}

interface InferenceBenchmark {
  readonly name: "inference";
  /** This project's predictor; the cold start uses the compact model. */
  readonly ours: Readonly<Record<Form, InferenceRow>> & { readonly coldStart: ColdStart };
  /** The fastest other runtime with each form. */
  readonly peer: Readonly<Record<Form, InferenceRow>>;
  /** The smaller of the two ratios that compare the same files. */
  readonly ratio: number;
  /** Latency of the peer divided by ours, for the same files and for our compact form against the peer's fp32. */
  readonly ratios: Readonly<Record<Form, number>> & { readonly compactOverPeerFp32: number };
  readonly rows: readonly InferenceRow[];
  readonly threads: number;
  readonly bytes: Readonly<Record<Form, number>>;
  /** Bytes that a plain copy reads and writes per second. */
  readonly copyBytesPerSecond: number;
  /** Peers that could not be installed here, and why. */
  readonly missing: readonly string[];
}

type Contender = {
  readonly name: string;
  readonly model: Form;
  measure(time: ProcessTime): Promise<InferenceTimes & { name?: string }>;
};

/** Runs for a few minutes and needs about 6 GB in the temporary folder. @throws {HistoError} `PEER_MISSING` */
export async function run({ progress, budget, quick = false }: BenchmarkContext): Promise<InferenceBenchmark> {
  mustHaveNoLimit();
  return inTemporaryFolder(async (directory) => {
    const source = join(directory, "run");
    const shape = quick ? QUICK : referenceShape;
    await writeReferenceRun(source, shape);
    const models = { fp32: join(directory, "fp32"), compact: join(directory, "compact") };
    await exportRun({ run: source, out: models.fp32, foldProjection: true, progress, signal: budget.signal });
    await exportRun({ run: source, out: models.compact, variant: "int8", progress, signal: budget.signal });
    await rm(source, { recursive: true });
    const { contenders, missing, bandwidth } = await prepare(models, shape.size, budget);
    const measured = new Map<Contender, (InferenceTimes & { name?: string })[]>(contenders.map((one) => [one, []]));
    await budget.rounds(quick ? 1 : ROUNDS, async (round) => {
      for (const contender of contenders) {
        const times = await contender.measure({ budget });
        measured.get(contender)?.push(times);
        progress.say(`round ${round + 1}: ${times.name ?? contender.name}, ${contender.model}: ${describe(times)}`);
      }
    });
    let coldStart: ColdStart = { predictSeconds: Number.NaN, nodeSeconds: Number.NaN };
    await budget.rounds(
      1,
      async () => {
        coldStart = await measureColdStart(models.compact);
        const { predictSeconds, nodeSeconds } = coldStart;
        progress.say(`cold start: histo predict ${predictSeconds.toFixed(2)} s, node ${nodeSeconds.toFixed(2)} s`);
      },
      "cold starts",
    );
    const bytes = { fp32: await dataBytes(models.fp32), compact: await dataBytes(models.compact) };
    const rows = contenders.map((contender) => summarize(contender, measured.get(contender) ?? [], bytes, bandwidth));
    const [ours, peer] = [fastest(rows.filter(isOurs)), fastest(rows.filter((row) => !isOurs(row)))];
    const ratio = (theirs: Form, own: Form) => peer[theirs].p50Seconds / ours[own].p50Seconds;
    const same = { fp32: ratio("fp32", "fp32"), compact: ratio("compact", "compact") };
    return {
      name: "inference",
      ours: { ...ours, coldStart },
      peer,
      ratio: Math.min(same.fp32, same.compact),
      ratios: { ...same, compactOverPeerFp32: ratio("fp32", "compact") },
      rows,
      threads: THREADS,
      bytes,
      copyBytesPerSecond: bandwidth,
      missing,
    };
  });
}

const isOurs = ({ name }: InferenceRow) => name === "histo";

/** The row with the lowest latency for each form. */
function fastest(rows: readonly InferenceRow[]): Record<Form, InferenceRow> {
  const of = (form: Form) =>
    rows.filter(({ model }) => model === form).reduce((best, row) => (best.p50Seconds <= row.p50Seconds ? best : row));
  return { fp32: of("fp32"), compact: of("compact") };
}

async function prepare(models: Readonly<Record<Form, string>>, size: number, budget: TimeBudget) {
  const onnxPython = await peerPython(["numpy", "onnx>=1.17", "onnxruntime>=1.20"]);
  const contenders: Contender[] = [];
  for (const model of ["fp32", "compact"] as const) {
    const graph = join(models[model], "model.onnx");
    // As the server starts its workers.
    const env = largePagesFor(await dataBytes(models[model]));
    contenders.push({
      name: "histo",
      model,
      measure: (time) => measureOurs({ ...time, env }, "inference-worker.js", models[model], THREADS),
    });
    contenders.push({
      name: "onnxruntime",
      model,
      measure: (time) => measurePython(time, onnxPython, PEER, "onnxruntime", graph, THREADS, size),
    });
  }
  const missing: string[] = [];
  try {
    const torchPython = await peerPython(["numpy", "onnx>=1.17", "torch"]);
    const graph = join(models.fp32, "model.onnx");
    contenders.push({
      name: "PyTorch",
      model: "fp32",
      measure: (time) => measurePython(time, torchPython, PEER, "pytorch", graph, THREADS, size),
    });
  } catch (error) {
    if (!(error instanceof HistoError)) throw error;
    missing.push(error.message);
  }
  const { bytesPerSecond } = await measurePython<{ bytesPerSecond: number }>({ budget }, onnxPython, PEER, "bandwidth");
  return { contenders, missing, bandwidth: bytesPerSecond };
}

function summarize(
  { name, model }: Contender,
  rounds: readonly (InferenceTimes & { name?: string })[],
  bytes: Readonly<Record<Form, number>>,
  bandwidth: number,
): InferenceRow {
  const of = (pick: (times: InferenceTimes) => number) => median(rounds.map(pick));
  const p50Seconds = of((times) => times.p50Seconds);
  return {
    name: rounds[0]?.name ?? name,
    model,
    loadSeconds: of((times) => times.loadSeconds),
    p50Seconds,
    imagesPerSecond: {
      batch1: of((times) => times.imagesPerSecond.batch1),
      batch8: of((times) => times.imagesPerSecond.batch8),
      batch64: of((times) => times.imagesPerSecond.batch64),
    },
    memoryBytes: of((times) => times.memoryBytes),
    bandwidthShare: bytes[model] / p50Seconds / bandwidth,
  };
}

function describe({ loadSeconds, p50Seconds, imagesPerSecond, memoryBytes }: InferenceTimes): string {
  const rates = [imagesPerSecond.batch1, imagesPerSecond.batch8, imagesPerSecond.batch64].map((rate) =>
    rate.toFixed(0),
  );
  const memory = `${(memoryBytes / 1e6).toFixed(0)} MB`;
  return `load ${loadSeconds.toFixed(2)} s, p50 ${(1000 * p50Seconds).toFixed(2)} ms, ${rates.join("/")} images/s at 1/8/64, ${memory}`;
}

async function dataBytes(directory: string): Promise<number> {
  return (await stat(join(directory, "model.onnx.data"))).size;
}
