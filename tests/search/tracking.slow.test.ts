import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { parseSpace, runSearch } from "../../src/search/index";
import { writeCsvSet } from "../support/data-sets";
import { readWithPython, startMlflow } from "../support/mlflow";
import { pythonPath } from "../support/python";
import { temporaryDirectory } from "../support/temporary-directory";

interface Logged {
  readonly name: string;
  readonly status: string;
  readonly parent: string | null;
  readonly id: string;
  readonly best: number | null;
  readonly purpose: string | null;
  readonly artifacts: readonly string[];
}

const READ = `
experiment = client.get_experiment_by_name("search")
result = [dict(
    name=run.info.run_name, status=run.info.status, id=run.info.run_id,
    parent=run.data.tags.get("mlflow.parentRunId"), best=run.data.metrics.get("search/best"), purpose=run.data.tags.get("purpose"),
    artifacts=[file.path for folder in (None, "figures", "best") for file in client.list_artifacts(run.info.run_id, folder)],
) for run in client.search_runs([experiment.experiment_id])]`;

test("a search is one MLflow run with a nested run per trial, whichever process ran it", async (context) => {
  if (!pythonPath()) return context.skip("The project's Python tools are not set up.");
  const mlflow = await startMlflow();
  context.after(() => mlflow.close());
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 60);
  const space = parseSpace({ size: 16, batch: 8, epochs: 2, hidden: { choice: [[4], [8], [12], [16]] } });
  const track = { experiment: "search", trackingUri: mlflow.server.url };
  const search = { data, space, run: join(folder, "search"), sampler: "grid", track } as const;
  await runSearch({ ...search, trials: 2 });
  const { best, runUrl } = await runSearch({ ...search, trials: 4, workers: 2 });

  const runs = await readWithPython<Logged[]>(mlflow.server.url, null, READ);
  const parent = runs.find(({ name }) => name === "search");
  assert.ok(parent && runUrl?.includes(parent.id));
  assert.equal(runs.length, 5, JSON.stringify(runs));
  assert.ok(runs.every(({ status }) => status === "FINISHED"));
  const trials = runs.filter((run) => run !== parent);
  assert.deepEqual(trials.map(({ name }) => name).sort(), ["trial-000", "trial-001", "trial-002", "trial-003"]);
  assert.ok(trials.every((trial) => trial.parent === parent.id));
  assert.ok(trials.every(({ artifacts }) => !artifacts.includes("best/weights.safetensors")));
  assert.ok(Math.abs((parent.best as number) - (best?.value as number)) < 1e-9);
  for (const file of ["leaderboard.csv", "figures/parallel-coordinates.html", "figures/importance.html"]) {
    assert.ok(parent.artifacts.includes(file), file);
  }

  const coordinates = parseSpace({ ...space.fixed, stem: "subspace", rank: 4, hidden: { choice: [[4], [8]] } });
  const twice = { ...search, space: coordinates, run: join(folder, "confirmed"), trials: 2, confirm: 1 };
  const confirmed = await runSearch(twice);
  const top = confirmed.leaderboard[0];
  assert.equal(top?.confirmed?.run, `${top?.run}-pixels`);
  assert.equal(confirmed.bestOnPixels, top);
  assert.equal(confirmed.leaderboard[1]?.confirmed, undefined);
  const again = await runSearch({ ...twice, confirm: 2 });
  assert.deepEqual(again.leaderboard[0], top, "what was confirmed is not trained again");
  assert.ok(again.leaderboard[1]?.confirmed);
  const all = await readWithPython<Logged[]>(mlflow.server.url, null, READ);
  const whole = all.find(({ name }) => name === "confirmed");
  const nested = all.filter((run) => run.parent === whole?.id);
  assert.deepEqual(nested.map(({ name, purpose }) => `${name} ${purpose}`).sort(), [
    ...["trial-000 search", "trial-000-pixels confirmation", "trial-001 search", "trial-001-pixels confirmation"],
  ]);
});
