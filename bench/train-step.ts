/**
 * @module A step of the reference MLP (150528-2352-2352-294-1, batch 64, Adam) against PyTorch with its fused Adam, in each
 * of its configurations. Each measurement runs in its own process; the sides alternate; medians without the first two steps.
 * `ratio` compares PyTorch's fastest with the precision that trainings choose on this processor.
 */
import { chooseStepWay } from "../src/tensorflow/index";
import { alternateSteps, type Steps } from "./alternating-steps";
import type { BenchmarkContext, Measured } from "./benchmark";
import { measureOurs, measurePython, type ProcessTime } from "./processes";
import { torchPython } from "./python-peers";

const BATCH = 64;
const OURS = ["bf16", "fp32"] as const;
const PEER = ["medium", "autocast", "fp32"] as const;

export async function run(context: BenchmarkContext): Promise<Measured> {
  const python = await torchPython("numpy");
  const [size, steps, rounds] = context.quick ? [32, 4, 1] : [224, 7, 3];
  const configurations = Object.fromEntries(
    PEER.flatMap((precision, i) => {
      const peer = (time: ProcessTime) => measurePython<Steps>(time, python, "train_step.py", precision, size, steps);
      const own = OURS[i];
      const ours = (time: ProcessTime) =>
        measureOurs<Steps>(time, "step-worker.js", "mlp", own ?? "", size, BATCH, steps);
      return [...(own ? [[`ours ${own}`, ours] as const] : []), [`peer ${precision}`, peer] as const];
    }),
  );
  const measured = await alternateSteps("Steps of the reference MLP", configurations, rounds, context);
  const { chosen } = await chooseStepWay("dense");
  const fastestPeer = Math.min(...PEER.map((precision) => measured.seconds(`peer ${precision}`)));
  return {
    name: "train-step",
    ours: {
      secondsBf16: measured.seconds("ours bf16"),
      secondsFp32: measured.seconds("ours fp32"),
      chosen: chosen.precision,
      peakBytes: measured.peakBytes(`ours ${chosen.precision}`),
      ratioFp32: measured.seconds("peer fp32") / measured.seconds("ours fp32"),
    },
    peer: {
      name: "PyTorch, fused Adam",
      ...Object.fromEntries(PEER.map((precision) => [`seconds_${precision}`, measured.seconds(`peer ${precision}`)])),
      peakBytes: measured.peakBytes("peer medium"),
    },
    ratio: fastestPeer / measured.seconds(`ours ${chosen.precision}`),
  };
}
