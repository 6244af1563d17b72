import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { writeSyntheticDataset } from "../../src/dataset/index";
import { readJson } from "../../src/files/index";
import type { ModelCard } from "../../src/model-directory/index";
import { histoJson } from "../support/histo";
import { readWithPython, startMlflow } from "../support/mlflow";
import { pythonPath } from "../support/python";
import { temporaryDirectory } from "../support/temporary-directory";

const READ = `
experiment = client.get_experiment_by_name("models")
run = client.search_runs([experiment.experiment_id])[0]
models = client.search_logged_models([experiment.experiment_id])
model = models[0]
info = mlflow.models.get_model_info(f"models:/{model.model_id}")
result = dict(
    count=len(models), name=model.name, status=model.status.value, params=model.params, run=model.source_run_id == run.info.run_id,
    metrics={metric.key: metric.value for metric in model.metrics}, outputs=[output.model_id for output in run.outputs.model_outputs],
    id=model.model_id, shape=list(info.signature.inputs.inputs[0].shape), kind=experiment.tags["mlflow.experimentKind"],
    files=sorted(file.path for file in client.list_artifacts(run.info.run_id, "model")), note=run.data.tags["mlflow.note.content"],
    tags=run.data.tags, steps=[point.step for point in client.get_metric_history(run.info.run_id, "train/loss")],
)`;

/** The logit of the model's own example, through MLflow, onnx and ONNX Runtime in Python. */
const LOAD = `
import mlflow.onnx, numpy, onnxruntime
from PIL import Image
pixels = numpy.asarray(Image.open(given["image"]).convert("RGB"))[None]
def answer(uri):
    session = onnxruntime.InferenceSession(mlflow.onnx.load_model(uri).SerializeToString())
    return float(session.run(None, {given["input"]: pixels})[0][0, 0])
result = [answer(uri) for uri in given["uris"]]`;

interface Read {
  readonly count: number;
  readonly name: string;
  readonly status: string;
  readonly params: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
  readonly run: boolean;
  readonly outputs: readonly string[];
  readonly id: string;
  readonly shape: readonly number[];
  readonly kind: string;
  readonly files: readonly string[];
  readonly note: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly steps: readonly number[];
}

test("a trained model is a logged model of MLflow, which its Python client reads", async (context) => {
  const python = pythonPath();
  if (!python) return context.skip("The project's Python tools are not set up.");
  const mlflow = await startMlflow();
  context.after(() => mlflow.close());
  process.env.MLFLOW_TRACKING_URI = mlflow.server.url;
  const directory = await temporaryDirectory(context);
  const [data, run] = [join(directory, "data"), join(directory, "run")];
  await writeSyntheticDataset({ out: data, images: 60, size: 16 });
  const options = ["--data", data, "--run", run, "--size", "16", "--hidden", "8", "--epochs", "2", "--seed", "1"];
  const { test } = histoJson<{ test: { rocAuc: number } }>("train", ...options, "--experiment", "models");

  const read = await readWithPython<Read>(mlflow.server.url, null, READ);
  const card = await readJson<ModelCard>(join(run, "model", "model.json"));
  assert.deepEqual([read.count, read.name, read.status, read.run], [1, "model", "READY", true]);
  assert.deepEqual(read.outputs, [read.id]);
  assert.deepEqual([read.params.variant, read.params.size], ["fp32", "16"]);
  assert.ok(Math.abs((read.metrics["test/rocAuc"] ?? 9) - test.rocAuc) < 1e-9);
  assert.deepEqual(read.shape, [-1, 16, 16, 3]);
  assert.deepEqual(read.files, [
    "model/MLmodel",
    "model/MODEL_CARD.md",
    ...["familiar.json", "golden.png", "model.json", "model.onnx", "model.onnx.data"].map((file) => `model/${file}`),
    "model/requirements.txt",
  ]);
  assert.deepEqual([read.kind, read.tags.kind, read.steps], ["custom_model_development", "training", [1, 2]]);
  assert.match(
    read.note,
    /!\[Learning curves\]\(get-artifact\?path=figures%2FlearningCurves\.png[\s\S]*\| ROC AUC &emsp; \| \d/,
  );

  const hasOnnx = spawnSync(python, ["-c", "import onnx, onnxruntime"]).status === 0;
  if (!hasOnnx) return context.diagnostic("not loaded: this Python has no onnx and onnxruntime");
  const exported = histoJson<{ runUrl: string }>("export", "--run", run, "--out", join(directory, "exported"));
  const uris = [`models:/${read.id}`, `runs:/${exported.runUrl.split("/").at(-1)}/model/fp32`];
  const image = join(run, "model", card.golden?.image ?? "");
  const logits = await readWithPython<number[]>(mlflow.server.url, { uris, image, input: card.input.name }, LOAD);
  for (const logit of logits) assert.ok(Math.abs(logit - (card.golden?.logit ?? 0)) < (card.golden?.tolerance ?? 0));
  assert.equal(logits.length, 2);
});
