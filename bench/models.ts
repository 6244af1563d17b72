/**
 * @module A training step of the CNN, the ViT and EfficientNet-Lite0 (all layers) at 224 x 224 (batch 32, Adam) against the
 * same networks in PyTorch (the last one from timm), in each of its precisions and memory formats. Each measurement runs in
 * its own process; the sides alternate; medians without the first two steps. `ratio` is the smallest of the ratios in fp32
 * and between the fastest configurations of both sides.
 */
import { alternateSteps, type Steps } from "./alternating-steps";
import type { BenchmarkContext, Measured } from "./benchmark";
import { measureOurs, measurePython, type ProcessTime } from "./processes";
import { torchPython } from "./python-peers";

const NETWORKS = ["cnn", "vit", "efficientnet-lite0"] as const;
const OURS = ["fp32", "bf16"] as const;
const PEER = ["fp32", "autocast", "fp32-channels_last", "autocast-channels_last"] as const;
/** Images per epoch, as in the other benchmarks. */
const EPOCH = 2175;

export async function run(context: BenchmarkContext): Promise<Measured> {
  const python = await torchPython("numpy", "timm");
  const [size, batch, steps, rounds] = context.quick ? [64, 4, 4, 1] : [224, 32, 8, 2];
  const configurations = Object.fromEntries(
    NETWORKS.flatMap((network) =>
      PEER.flatMap((precision, i) => {
        const peer = (time: ProcessTime) =>
          measurePython<Steps>(time, python, "models.py", network, precision, size, batch, steps);
        const own = OURS[i];
        const ours = (time: ProcessTime) =>
          measureOurs<Steps>(time, "step-worker.js", network, own ?? "", size, batch, steps);
        const key = `${network} peer ${precision}`;
        return [...(own ? [[`${network} ours ${own}`, ours] as const] : []), [key, peer] as const];
      }),
    ),
  );
  const measured = await alternateSteps("Training steps", configurations, rounds, context);
  const speedOf = (key: string) => batch / measured.seconds(key);
  const figures = NETWORKS.map((network) => {
    const [fp32, bf16] = OURS.map((precision) => speedOf(`${network} ours ${precision}`)) as [number, number];
    const peers = PEER.map((precision) => [precision, speedOf(`${network} peer ${precision}`)] as const);
    const fastest = (some: typeof peers) => Math.max(...some.map(([, speed]) => speed));
    const plain = peers.filter(([precision]) => !precision.includes("channels_last"));
    return {
      network,
      ours: {
        fp32,
        bf16,
        epochSeconds: EPOCH / Math.max(fp32, bf16),
        peakBytes: measured.peakBytes(`${network} ours bf16`),
      },
      peer: { ...Object.fromEntries(peers), peakBytes: measured.peakBytes(`${network} peer fp32`) },
      ratios: {
        fp32: fp32 / (plain[0] as (typeof peers)[number])[1],
        fastest: Math.max(fp32, bf16) / fastest(plain),
        fastestChannelsLast: Math.max(fp32, bf16) / fastest(peers),
      },
    };
  });
  const flat = (side: "ours" | "peer" | "ratios") =>
    figures.flatMap((figure) =>
      Object.entries(figure[side]).map(([what, value]) => {
        const unit = /^(fp32|bf16|autocast)/.test(what) && side !== "ratios" ? " images/s" : "";
        return [`${figure.network} ${side === "ratios" ? "ratio " : ""}${what}${unit}`, value] as const;
      }),
    );
  return {
    name: "models",
    ours: Object.fromEntries([...flat("ours"), ...flat("ratios")]),
    peer: { name: "PyTorch, fused Adam", ...Object.fromEntries(flat("peer")) },
    ratio: Math.min(...figures.flatMap(({ ratios }) => [ratios.fp32, ratios.fastest])),
  };
}
