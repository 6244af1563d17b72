/** @module Runs tracked from end to end on a running MLflow server: lost connections, killed processes, whole commands. */
import { withMlflow } from "../support/mlflow";
import { commandCases } from "./cases/commands";
import { continuedRunCases } from "./cases/continued-run";
import { damagedSpoolCases } from "./cases/damaged-spool";
import { resultCases } from "./cases/results";
import { spoolCases } from "./cases/spool";

withMlflow(spoolCases, damagedSpoolCases, continuedRunCases, commandCases, resultCases);
