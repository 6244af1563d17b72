/** @module Values that MLflow cannot store cost nothing of what is logged with them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type DatasetInput, startRun } from "../../../src/tracking/index";
import type { MlflowFixture } from "../../support/mlflow";
import { temporaryDirectory } from "../../support/temporary-directory";

export function oddValueCases(mlflow: () => MlflowFixture): void {
  test("values that MLflow cannot store cost nothing of what is logged with them", async (context) => {
    const { server, client } = mlflow();
    const run = await startRun({
      experiment: "odd values",
      runName: "😀".repeat(200),
      trackingUri: server.url,
      spoolDirectory: await temporaryDirectory(context),
      systemMetrics: false,
      waitMs: 60_000,
      say: () => undefined,
    });
    const half = "😀".slice(0, 1);
    run.setTag("note", `cut ${half}`);
    run.logParam("note", `cut ${half}`);
    run.logMetric("far", 1, 1e20, 1e19);
    for (let index = 0; index < 20; index++) {
      run.setTag(`tag${index}`, index);
      run.logParam(`param${index}`, index);
      run.logMetric(`metric${index}`, index);
    }
    const odd = { name: "first", digest: "1", source_type: "local", source: "{}", profile: { rows: 3 } };
    const plain = { name: "second", digest: "2", source_type: "local", source: "{}" };
    run.logInputs([{ dataset: odd }, { dataset: plain }] as unknown as DatasetInput[]);
    await run.logText("long", `${"ä".repeat(200)}.txt`);
    const report = await run.end();
    assert.deepEqual([report.complete, report.rejected], [true, 0], report.problem);
    const { data, inputs } = await client.getRun(run.runId ?? "");
    const own = data.tags.filter(({ key }) => /^(note|tag\d+)$/.test(key));
    assert.deepEqual([own.length, data.params.length, data.metrics.length], [21, 21, 21]);
    assert.deepEqual(
      inputs?.dataset_inputs?.map(({ dataset }) => [dataset.name, dataset.profile]),
      [
        ["first", '{"rows":3}'],
        ["second", undefined],
      ],
    );
  });
}
