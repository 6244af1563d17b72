/** @module `histo export`: a training run as an ONNX model directory. */
import type { ExportResult, Variant } from "../onnx/index";
import { type CommandDefinition, oneOf } from "./command";

interface Options {
  readonly run: string;
  readonly out: string;
  readonly variant: Variant;
}

export const exportCommand: CommandDefinition<Options, ExportResult> = {
  name: "export",
  summary: "export a training run as an ONNX model directory",
  configure: (command) =>
    command
      .requiredOption("--run <dir>", "run directory of histo train")
      .requiredOption("--out <dir>", "directory to make: model.onnx, model.onnx.data, model.json, golden.png")
      .option(
        "--variant <name>",
        "fp32 (exact), int8, or compact (smallest and fastest)",
        oneOf("fp32", "int8", "compact"),
        "fp32",
      ),
  async run({ run, out, variant }, { progress, signal }) {
    const { exportRun } = await import("../onnx/index.js");
    return exportRun({ run, out, variant, progress, signal });
  },
  render: ({ out, bytes, parameters, variant }) =>
    `${out}: ${variant}, ${(bytes / 1e6).toFixed(1)} MB, ${parameters} parameters in training`,
};
