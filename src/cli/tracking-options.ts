/** @module The options of commands that log to MLflow. */
import type { Command } from "commander";

export interface TrackingCommandOptions {
  readonly track: boolean;
  readonly experiment: string;
}

export function addTrackingOptions(command: Command): Command {
  return command.option("--no-track", "do not log to MLflow").option("--experiment <name>", "of MLflow", "histology");
}
