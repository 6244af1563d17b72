/** @module The client against a running MLflow server. */
import { withMlflow } from "../support/mlflow";
import { clientCases } from "./cases/client";
import { documentationCases } from "./cases/documentation";
import { foreignAnswerCases } from "./cases/foreign-answers";
import { oddValueCases } from "./cases/odd-values";
import { runLoggerCases } from "./cases/run-logger";
import { transportCases } from "./cases/transport";

withMlflow(clientCases, runLoggerCases, foreignAnswerCases, oddValueCases, transportCases, documentationCases);
