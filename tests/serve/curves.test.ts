import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ModelRegistry, type ServedModel } from "../../serve/core/index";
import type { RoutedRequest, ServiceContext } from "../../serve/core/routes/index";
import { curvesRoute } from "../../serve/core/routes/models";
import { writePredictions } from "../../src/evaluation/index";
import { RunDirectory } from "../../src/runs/index";
import { predictedTiles } from "../support/predicted-tiles";
import { temporaryDirectory } from "../support/temporary-directory";

test("the run that a card names is looked for in the folder of runs only", async (context) => {
  const folder = await temporaryDirectory(context);
  const run = new RunDirectory(join(folder, "elsewhere"));
  await mkdir(run.path);
  await mkdir(join(folder, "runs"));
  await writePredictions(run.predictions("validation"), predictedTiles(100));
  for (const name of ["../elsewhere", run.path, "a/../../elsewhere", ".."]) {
    const models = new ModelRegistry([{ name: "mlp", card: { source: { run: name } } } as ServedModel]);
    const { body } = await curvesRoute(
      { models, runs: join(folder, "runs") } as unknown as ServiceContext,
      { parameters: { model: "mlp" } } as unknown as RoutedRequest,
    );
    assert.deepEqual(JSON.parse(String(body)).partitions, {}, name);
  }
});

test("a partition of one class has no curves: its rates do not exist", async (context) => {
  const runs = await temporaryDirectory(context);
  const run = new RunDirectory(join(runs, "run"));
  await mkdir(run.path);
  const tiles = predictedTiles(100);
  await writePredictions(run.predictions("validation"), tiles);
  await writePredictions(
    run.predictions("test"),
    tiles.filter(({ label }) => label === 1),
  );
  const models = new ModelRegistry([{ name: "mlp", card: { source: { run: "run" } } } as ServedModel]);
  const { body } = await curvesRoute(
    { models, runs } as unknown as ServiceContext,
    { parameters: { model: "mlp" } } as unknown as RoutedRequest,
  );
  const { partitions } = JSON.parse(String(body));
  assert.deepEqual(Object.keys(partitions), ["validation"]);
  assert.ok(partitions.validation.roc.falsePositiveRate.some((rate: number) => rate < 1));
});
