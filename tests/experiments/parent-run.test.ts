import assert from "node:assert/strict";
import { test } from "node:test";
import { ParentRun } from "../../src/experiments/parent-run";
import { silentProgress } from "../../src/progress/index";
import { temporaryDirectory } from "../support/temporary-directory";

test("trainings in other processes find their parent, also where that is a run of the server", async (context) => {
  const directory = await temporaryDirectory(context);
  process.env.MLFLOW_RUN_ID = "0123abcd";
  context.after(() => {
    delete process.env.MLFLOW_RUN_ID;
  });
  const tracking = { experiment: "nested", trackingUri: "http://127.0.0.1:1" };
  const run = await ParentRun.start("search", directory, tracking, silentProgress);
  assert.ok(run);
  const { parent } = JSON.parse(JSON.stringify(run.nested({}))) as ReturnType<typeof run.nested>;
  assert.deepEqual(parent, { key: run.active.key, experiment: "nested", continuedRunId: "0123abcd" });
  assert.equal(process.env.MLFLOW_RUN_ID, undefined, "the trainings are runs of their own");
  await run.finish();
});
