/** @module Runs tracked from end to end on a running MLflow server: lost connections, killed processes, whole commands. */
import { after, before, describe } from "node:test";
import { type MlflowFixture, startMlflow } from "../support/mlflow";
import { withoutPython } from "../support/python";
import { commandCases } from "./cases/commands";
import { continuedRunCases } from "./cases/continued-run";
import { resultCases } from "./cases/results";
import { spoolCases } from "./cases/spool";

describe("with an MLflow server", { skip: withoutPython() }, () => {
  let fixture: MlflowFixture;
  before(async () => {
    fixture = await startMlflow();
  });
  after(() => fixture?.close());

  const mlflow = () => fixture;
  spoolCases(mlflow);
  continuedRunCases(mlflow);
  commandCases(mlflow);
  resultCases(mlflow);
});
