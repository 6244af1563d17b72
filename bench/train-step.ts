/**
 * @module A step of the reference MLP (150528-2352-2352-294-1, batch 64, Adam) against PyTorch with its fused Adam, in each
 * of its configurations. Every measurement is a process of its own; the sides alternate; medians of the steps after two.
 */
import type { BenchmarkContext, BenchmarkResult } from "./benchmark";
import { median } from "./median";
import { measureOurs, measurePython } from "./processes";
import { peerPython } from "./python-peers";

interface Steps {
  readonly seconds: readonly number[];
  readonly peakBytes: number;
}

const OURS = ["bf16", "fp32"] as const;
const PEER = ["medium", "autocast", "fp32"] as const;

export async function run({ progress, signal, quick }: BenchmarkContext): Promise<BenchmarkResult> {
  const python = await peerPython(["torch", "numpy"]);
  const [size, steps, rounds] = quick ? [32, 4, 1] : [224, 7, 3];
  const measured = new Map<string, Steps[]>();
  const task = progress.start("Steps of the reference MLP", rounds * (OURS.length + PEER.length), "processes");
  let done = 0;
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < PEER.length; i++) {
      for (const side of ["ours", "peer"] as const) {
        const precision = (side === "ours" ? OURS : PEER)[i];
        if (!precision) continue;
        signal.throwIfAborted();
        const result =
          side === "ours"
            ? await measureOurs<Steps>("train-step-worker.js", precision, size, steps)
            : await measurePython<Steps>(python, "train_step.py", precision, size, steps);
        const key = `${side} ${precision}`;
        measured.set(key, [...(measured.get(key) ?? []), result]);
        task.update(++done, key);
      }
    }
  }
  task.finish();
  const secondsOf = (key: string) => median((measured.get(key) ?? []).flatMap(({ seconds }) => seconds.slice(2)));
  const peakOf = (key: string) => Math.max(...(measured.get(key) ?? []).map(({ peakBytes }) => peakBytes));
  const fastestPeer = Math.min(...PEER.map((precision) => secondsOf(`peer ${precision}`)));
  return {
    name: "train-step",
    ours: {
      secondsBf16: secondsOf("ours bf16"),
      secondsFp32: secondsOf("ours fp32"),
      peakBytes: peakOf("ours bf16"),
      ratioFp32: secondsOf("peer fp32") / secondsOf("ours fp32"),
    },
    peer: {
      name: "PyTorch, fused Adam",
      ...Object.fromEntries(PEER.map((precision) => [`seconds_${precision}`, secondsOf(`peer ${precision}`)])),
      peakBytes: peakOf("peer medium"),
    },
    ratio: fastestPeer / secondsOf("ours bf16"),
  };
}
