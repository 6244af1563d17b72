/** @module Logs an exported model in MLflow's own format, which `mlflow.onnx.load_model` and its web page can read. */
import { basename, join } from "node:path";
import { readJson } from "../files/index";
import type { ModelCard } from "../model-directory/index";
import type { ActiveRun } from "../tracking/index";

/**
 * Logs an exported model directory as a logged model.
 * @param name without slashes, such as `model`
 */
export async function logOnnxModel(
  active: ActiveRun,
  directory: string,
  name: string,
  { metrics, step }: { readonly metrics: Readonly<Record<string, number>>; readonly step: number },
): Promise<void> {
  const card = await readJson<ModelCard>(join(directory, "model.json"));
  const { variant, architecture, parameters, classes, threshold, preprocessing } = card;
  await active.logModel(directory, name, {
    files: { MLmodel: mlmodel(card, name), "requirements.txt": "mlflow\nonnx\nonnxruntime\n" },
    params: { variant, architecture, parameters, classes, threshold, size: preprocessing.size },
    metrics,
    step,
  });
}

/** The text of `MLmodel`: JSON, which is valid YAML. @see https://mlflow.org/docs/latest/ml/model/#storage-format */
export function mlmodel(card: ModelCard, name: string): string {
  const { input, output, graph, preprocessing, variant } = card;
  const { size } = preprocessing;
  const image = input.layout === "NHWC" ? [size, size, 3] : [3, size, size];
  const tensor = (name: string, dtype: string, shape: readonly number[]) =>
    JSON.stringify([{ name, type: "tensor", "tensor-spec": { dtype, shape } }]);
  const content = {
    artifact_path: name,
    flavors: {
      onnx: { data: basename(graph), onnx_version: "1.16.0", providers: ["CPUExecutionProvider"], code: null },
      python_function: { loader_module: "mlflow.onnx", data: basename(graph) },
    },
    mlflow_version: "3.0.0",
    signature: {
      inputs: tensor(input.name, input.dtype, [-1, ...image]),
      outputs: tensor(output.name, "float32", [-1, output.kind.endsWith("2") ? 2 : 1]),
      params: null,
    },
    utc_time_created: new Date().toISOString().replace("T", " ").replace("Z", "000"),
    metadata: { format: card.format, classes: card.classes, threshold: card.threshold, ...(variant && { variant }) },
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}
