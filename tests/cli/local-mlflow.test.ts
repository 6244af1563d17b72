import assert from "node:assert/strict";
import { test } from "node:test";
import { localMlflow } from "../../src/cli/local-mlflow";
import { silentProgress } from "../../src/progress/index";

test("the user's own server is used with its password, and shown without", async () => {
  process.env.MLFLOW_TRACKING_URI = "https://me:p%40ss@mlflow.example/path";
  const mlflow = localMlflow({ port: 0, progress: silentProgress });
  assert.equal(await mlflow.address(), "https://me:p%40ss@mlflow.example/path");
  assert.equal(await mlflow.shown(), "https://mlflow.example/path");
  await mlflow.stop();
});
