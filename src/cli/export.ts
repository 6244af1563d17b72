/** @module `histo export`: a training run as an ONNX model directory. */
import { describeCompression } from "../onnx/compression";
import type { ExportResult, Variant, Verification } from "../onnx/index";
import { type CommandDefinition, oneOf } from "./command";
import { addTrackingOptions, type TrackingCommandOptions } from "./tracking-options";

interface Options extends TrackingCommandOptions {
  readonly run: string;
  readonly out: string;
  readonly variant: Variant;
  readonly data?: string;
  readonly fold?: boolean;
}

interface Result extends ExportResult {
  /** Page of the run in MLflow. */
  readonly runUrl?: string;
}

export const exportCommand: CommandDefinition<Options, Result> = {
  name: "export",
  summary: "export a training run as an ONNX model directory",
  configure: (command) =>
    addTrackingOptions(
      command
        .requiredOption("--run <dir>", "run directory of histo train, or mlflow:RUN_ID for a run on the MLflow server")
        .requiredOption("--out <dir>", "directory to make: model.onnx, model.onnx.data, model.json, golden.png")
        .option(
          "--variant <name>",
          "fp32 (exact), int8, or compact (smallest and fastest)",
          oneOf("fp32", "int8", "compact"),
          "fp32",
        )
        .option("--data <dir>", "the data set, where it is not where it was in training")
        .option("--fold", "fp32, int8: write a subspace stem as the ordinary first layer that it stands for"),
    ),
  async run({ run: named, out, variant, data, fold, track, experiment }, { progress, signal }) {
    const [{ exportRun }, { localRun, namedRunId }] = await Promise.all([
      import("../onnx/index.js"),
      import("./fetched-run.js"),
    ]);
    const run = await localRun(named, "model", { progress, signal });
    const result = await exportRun({ run, out, variant, data, foldProjection: fold, progress, signal });
    if (!track) return result;
    const { logExport } = await import("../experiments/track-results.js");
    const say = (line: string) => progress.say(line);
    const runUrl = await logExport(run, result, { folded: fold, experiment, runId: namedRunId(named), say });
    return { ...result, ...(runUrl && { runUrl }) };
  },
  render: ({ out, bytes, variant, compression, verification }) => {
    const lines = [`${out}: ${variant}, ${(bytes / 1e6).toFixed(1)} MB`];
    if (compression) lines.push(describeCompression(compression));
    if (verification) lines.push(describeVerification(verification));
    return lines.join("\n");
  },
};

function describeVerification({ tiles, maxDeviation, rocAuc, rocAucDrop, rocAucDropCi95 }: Verification): string {
  const logits = `against TensorFlow on ${tiles} validation tiles: logits differ by at most ${maxDeviation.toPrecision(2)}`;
  if (!rocAuc || rocAucDrop === null || !rocAucDropCi95) return logits;
  const [low, high] = rocAucDropCi95;
  const drop = `${rocAucDrop.toFixed(4)} (95 % interval ${low.toFixed(4)} to ${high.toFixed(4)})`;
  return `${logits}; AUC ${rocAuc.exported.toFixed(4)}, a drop of ${drop}`;
}
