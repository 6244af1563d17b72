/** @module The list of commands, one file each. */
import type { Command } from "commander";
import { addCommand } from "./command";
import { exportCommand } from "./export";
import { metricsCommand } from "./metrics";
import { notebookRun } from "./notebook-run";
import { predictCommand } from "./predict";

/** Adds every command to the program. */
export function registerCommands(program: Command): void {
  addCommand(program, metricsCommand);
  addCommand(program, exportCommand);
  addCommand(program, predictCommand);
  addCommand(program.command("notebook").description("notebooks without Jupyter"), notebookRun);
}
