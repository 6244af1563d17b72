/** @module `histo export`: exports a training run as an ONNX model directory. */
import * as z from "zod";
import { counted, megabytes } from "../format/index";
import { describeAucChange, describeCompression, describeUnrounded, type Verification } from "../model-directory/index";
import { between, option } from "../options/index";
import { defineCommand } from "./command";
import { trackingOptions } from "./mlflow";

const exportSchema = z.strictObject({
  run: option(z.string(), "run directory of histo train, or mlflow:RUN_ID for a run on the MLflow server", {
    value: "dir",
  }),
  out: option(z.string(), "directory to create: model.onnx, model.onnx.data, model.json, golden.png", { value: "dir" }),
  variant: option(
    z.enum(["fp32", "int8", "compact"]).default("fp32"),
    "fp32 (exact), int8, or compact (smallest and fastest)",
    { value: "name" },
  ),
  data: option(z.string().optional(), "path of the data set, if it has moved since training", { value: "dir" }),
  fold: option(z.boolean().default(false), "fp32, int8: write a subspace stem as the equivalent ordinary first layer"),
  maxChangedAnswers: option(
    between(0, 1).optional(),
    "compact: largest share of validation tiles whose class may change (default 0.02, rounded up to whole tiles)",
    { value: "share" },
  ),
  mpp: option(
    between(0.01, 100).optional(),
    "micrometres per pixel of the training tiles, for histo slide (default what the data set's table says)",
    { value: "um" },
  ),
  ...trackingOptions,
});

export const command = defineCommand({
  examples: [
    ["histo export --run runs/NAME --out models/NAME", "the network as it was trained"],
    ["histo export --run runs/NAME --out models/NAME --variant compact", "the smallest that answers alike"],
  ],
  schema: exportSchema,
  async run({ run: named, fold, track, experiment, ...options }, { progress, signal }) {
    const [{ exportRun }, { localRun, namedRunId }] = await Promise.all([
      import("../export/index.js"),
      import("./fetched-run.js"),
    ]);
    const run = await localRun(named, "model", { progress, signal });
    const result = await exportRun({ ...options, run, foldProjection: fold, progress, signal });
    if (!track) return result;
    const { logExport } = await import("../experiments/tracking/index.js");
    const say = (line: string) => progress.say(line);
    const logged = await logExport(run, result, { folded: fold, experiment, runId: namedRunId(named), say });
    return { ...result, ...logged };
  },
  render: ({ out, bytes, variant, roundedWeights, compression, verification }) => {
    const unrounded = describeUnrounded({ variant, roundedWeights });
    const lines = [`${out}: ${variant}, ${megabytes(bytes)}`, ...(unrounded ? [unrounded] : [])];
    if (compression) lines.push(describeCompression(compression));
    if (verification) lines.push(describeVerification(verification));
    return lines.join("\n");
  },
});

function describeVerification(verification: Verification): string {
  const { tiles, maxDeviation, changedAnswers, rocAuc } = verification;
  const logits = `against TensorFlow on ${counted(tiles, "validation tile")}: logits differ by at most ${maxDeviation.toPrecision(2)}, changed answers: ${changedAnswers}`;
  const change = describeAucChange(verification);
  return rocAuc && change ? `${logits}; AUC ${rocAuc.exported.toFixed(4)}: it ${change}` : logits;
}
