/** @module The list of commands, one file each. */
import type { Command } from "commander";
import { backboneFetchCommand, backboneListCommand } from "./backbone";
import { benchCommand } from "./bench";
import { addCommand } from "./command";
import { compareCommand } from "./compare";
import { dataPackCommand } from "./data-pack";
import { dataSynthCommand } from "./data-synth";
import { deployTarget, destroyCommand, logsCommand, statusCommand, trackingCommand } from "./deploy";
import { doctorCommand } from "./doctor";
import { edaCommand } from "./eda";
import { evaluateCommand } from "./evaluate";
import { exportCommand } from "./export";
import { lrRangeCommand } from "./lr-range";
import { metricsCommand } from "./metrics";
import { mlflowSyncCommand } from "./mlflow-sync";
import { notebookRun } from "./notebook-run";
import { predictCommand } from "./predict";
import { runsCommand } from "./runs";
import { searchCommand } from "./search";
import { serveCommand } from "./serve";
import { startCommand } from "./start";
import { trainCommand } from "./train";
import { workerCommand } from "./worker";

/** Adds every command to the program. */
export function registerCommands(program: Command): void {
  const data = program.command("data").description("make and prepare data sets");
  addCommand(data, dataSynthCommand);
  addCommand(data, dataPackCommand);
  addCommand(program, startCommand);
  addCommand(program, doctorCommand);
  addCommand(program, benchCommand);
  addCommand(program, edaCommand);
  addCommand(program, trainCommand);
  addCommand(program, lrRangeCommand);
  addCommand(program, compareCommand);
  const backbone = program.command("backbone").description("pretrained networks: list and fetch them");
  addCommand(backbone, backboneListCommand);
  addCommand(backbone, backboneFetchCommand);
  addCommand(program, searchCommand);
  addCommand(program, workerCommand);
  addCommand(program, evaluateCommand);
  addCommand(program, metricsCommand);
  addCommand(program, exportCommand);
  addCommand(program, predictCommand);
  addCommand(program, serveCommand);
  addCommand(program.command("notebook").description("notebooks without Jupyter"), notebookRun);
  addCommand(program, runsCommand);
  const deploy = program.command("deploy").description("deploy to AWS, watch and remove what is deployed");
  addCommand(deploy, deployTarget("lambda"));
  addCommand(deploy, deployTarget("ec2"));
  addCommand(deploy, trackingCommand);
  addCommand(deploy, statusCommand);
  addCommand(deploy, logsCommand);
  addCommand(deploy, destroyCommand);
  addCommand(program.command("mlflow").description("the tracking server"), mlflowSyncCommand);
}
