/** @module The client against a running MLflow server, in one file because its start takes seconds. */
import { after, before, describe } from "node:test";
import { type MlflowFixture, startMlflow } from "../support/mlflow";
import { withoutPython } from "../support/python";
import { clientCases } from "./cases/client";
import { documentationCases } from "./cases/documentation";
import { foreignAnswerCases } from "./cases/foreign-answers";
import { oddValueCases } from "./cases/odd-values";
import { runLoggerCases } from "./cases/run-logger";
import { transportCases } from "./cases/transport";

describe("with an MLflow server", { skip: withoutPython() }, () => {
  let fixture: MlflowFixture;
  before(async () => {
    fixture = await startMlflow();
  });
  after(() => fixture?.close());

  const mlflow = () => fixture;
  clientCases(mlflow);
  runLoggerCases(mlflow);
  foreignAnswerCases(mlflow);
  oddValueCases(mlflow);
  transportCases(mlflow);
  documentationCases(mlflow);
});
