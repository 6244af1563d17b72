import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { writeSyntheticDataset } from "../../src/dataset/index";
import { Interrupted } from "../../src/errors/index";
import { compareTechniques, TECHNIQUES } from "../../src/experiments/index";
import { histo } from "../support/histo";
import { readWithPython, startMlflow } from "../support/mlflow";
import { pythonPath } from "../support/python";
import { temporaryDirectory } from "../support/temporary-directory";

interface Logged {
  readonly name: string;
  readonly id: string;
  readonly status: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
  /** Steps of the training loss. */
  readonly steps: readonly number[];
  readonly artifacts: readonly string[];
  /** Digests. */
  readonly datasets: readonly string[];
  readonly techniques: readonly string[];
}

const READ = `
def files(run, folder=None):
    for file in client.list_artifacts(run.info.run_id, folder):
        yield from files(run, file.path) if file.is_dir else [file.path]
def read(run):
    artifacts = sorted([*files(run), *(file.path for file in client.list_artifacts(run.info.run_id, "model"))])
    table = client.load_table(run.info.experiment_id, "tables/comparison.json", [run.info.run_id]) if "tables/comparison.json" in artifacts else None
    return dict(
        name=run.info.run_name, id=run.info.run_id, status=run.info.status, tags=run.data.tags, params=run.data.params,
        metrics=run.data.metrics, artifacts=artifacts, datasets=[entry.dataset.digest for entry in run.inputs.dataset_inputs],
        steps=sorted({point.step for point in client.get_metric_history(run.info.run_id, "train/loss")}),
        techniques=[] if table is None else list(table["name"]),
    )
experiment = client.get_experiment_by_name("comparison")
result = [read(run) for run in client.search_runs([experiment.experiment_id])]`;

/** Aborted when a file is there. */
function onceThereIs(file: string): AbortSignal {
  const controller = new AbortController();
  const timer = setInterval(() => {
    if (!existsSync(file)) return;
    clearInterval(timer);
    controller.abort(new Interrupted());
  }, 20);
  return controller.signal;
}

test("a comparison is one MLflow run with a nested run per training, also where it was stopped or alone", async (context) => {
  if (!pythonPath()) return context.skip("The project's Python tools are not set up.");
  const mlflow = await startMlflow();
  context.after(() => mlflow.close());
  const directory = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(directory, "cache");
  const data = join(directory, "data");
  await writeSyntheticDataset({ out: data, images: 60, size: 16 });
  const options = { data, out: join(directory, "compared"), size: 16, epochs: 2, seed: 3 };
  const track = { experiment: "comparison", trackingUri: mlflow.server.url };

  const away = { ...track, trackingUri: "http://127.0.0.1:1" };
  const alone = await compareTechniques({ ...options, models: ["colour"], track: away });
  assert.equal(alone.runUrl, undefined);
  assert.ok(existsSync(join(options.out, "tracking")) && existsSync(join(options.out, "colour", "tracking")));

  const models = ["colour", "mlp-regularized"];
  const begun = join(options.out, "choices", "mlp-regularized", "dropout-decay", "tracking", "events.jsonl");
  await assert.rejects(compareTechniques({ ...options, models, track, signal: onceThereIs(begun) }), Interrupted);
  const { rows, runUrl, verdict } = await compareTechniques({ ...options, models, track });

  const runs = await readWithPython<Logged[]>(mlflow.server.url, null, READ);
  const choices = TECHNIQUES.find(({ name }) => name === "mlp-regularized")?.choices ?? [];
  assert.deepEqual(
    runs.map(({ name }) => name).sort(),
    ["colour", "compared", "mlp-regularized", ...choices.map(({ name }) => name)].sort(),
  );
  assert.ok(
    runs.every(({ status }) => status === "FINISHED"),
    JSON.stringify(runs.map(({ name, status }) => [name, status])),
  );
  const named = (name: string) => runs.find((run) => run.name === name) as Logged;
  const parent = named("compared");
  assert.ok(runUrl?.includes(parent.id));
  assert.ok(runs.every((run) => run === parent || run.tags["mlflow.parentRunId"] === parent.id));
  assert.ok(runs.every(({ datasets }) => datasets.length === 1 && datasets[0] === parent.datasets[0]));
  assert.deepEqual(
    parent.techniques,
    rows.map(({ name }) => name),
    "the table as it is now, without what it was",
  );
  assert.equal(parent.tags.verdict, verdict);
  assert.deepEqual([parent.params.data, parent.params.size, parent.params.seed], [data, "16", "3"]);
  for (const file of [
    "comparison.json",
    "comparison.html",
    "figures/beyond-baseline.html",
    "figures/techniques.html",
  ]) {
    assert.ok(parent.artifacts.includes(file), file);
  }

  for (const [name, epochs] of [
    ["colour", [1, 2]],
    ["mlp-regularized", [1, 2]],
    ["dropout", [1]],
  ] as const) {
    const { tags, params, steps } = named(name);
    assert.deepEqual(steps, epochs, name);
    assert.equal(params.seed, "3");
    assert.equal(tags.technique, name === "dropout" ? "mlp-regularized" : name);
    assert.equal(tags.purpose, name === "dropout" ? "choice" : "comparison");
  }
  for (const row of rows.slice(0, 2)) {
    const { metrics, tags, artifacts } = named(row.name);
    assert.ok(Math.abs((metrics["test/rocAuc"] ?? 9) - row.test.rocAuc) < 1e-9);
    assert.equal(tags.diskBytes, String(row.diskBytes));
    assert.match(tags["mlflow.note.content"] ?? "", /ROC AUC/);
    for (const file of ["best/weights.safetensors", "model/model.onnx", "report.html", "figures/roc.html"]) {
      assert.ok(artifacts.includes(file), `${row.name}: ${file}`);
    }
  }
  assert.ok(
    !named("dropout").artifacts.includes("best/weights.safetensors"),
    "what is only chosen by keeps its weights",
  );

  const untracked = [
    "--data",
    data,
    "--out",
    join(directory, "untracked"),
    "--size",
    "16",
    "--epochs",
    "1",
    "--models",
  ];
  assert.equal(histo("compare", ...untracked, "colour", "--no-track").status, 0);
  assert.ok(!existsSync(join(directory, "untracked", "tracking")));
  assert.ok(!existsSync(join(directory, "untracked", "colour", "tracking")));
  process.env.MLFLOW_TRACKING_URI = mlflow.server.url;
  const later = histo("compare", ...untracked, "colour", "--experiment", "comparison");
  assert.equal(later.status, 0, later.stderr);
  const all = await readWithPython<Logged[]>(mlflow.server.url, null, READ);
  const whole = all.find(({ name }) => name === "untracked") as Logged;
  assert.ok(later.stdout.trimEnd().endsWith(whole.id), later.stdout);
  const nested = all.filter(({ tags }) => tags["mlflow.parentRunId"] === whole.id);
  assert.deepEqual(
    nested.map(({ name }) => name),
    ["colour"],
    "trained before it was logged, and logged now",
  );
  assert.ok("test/rocAuc" in (nested[0]?.metrics ?? {}));
});
