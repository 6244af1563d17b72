/** @module The list of commands, one file each. */
import type { Command } from "commander";
import { addCommand } from "./command";
import { metricsCommand } from "./metrics";

/** Adds every command to the program. */
export function registerCommands(program: Command): void {
  addCommand(program, metricsCommand);
}
