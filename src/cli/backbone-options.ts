/** @module The options of the commands that take a frozen backbone. */
import type { Command } from "commander";
import { numbers, oneOf } from "./command";

/** What the options of {@link addBackboneOptions} give. */
export interface BackboneCommandOptions {
  readonly backboneOutput?: string;
  readonly backbonePool?: "auto" | "first" | "mean" | "first-and-mean";
  readonly backboneMean?: number[];
  readonly backboneStd?: number[];
}

/** Adds the options that say what a backbone takes and gives, where it does not say it itself. */
export function addBackboneOptions(command: Command): Command {
  return command
    .option("--backbone-output <name>", "of a backbone with several outputs (default: the first that fits)")
    .option(
      "--backbone-pool <how>",
      "of tokens: first (the class token), mean, first-and-mean (of the patches), or auto",
      oneOf("auto", "first", "mean", "first-and-mean"),
    )
    .option("--backbone-mean <r,g,b>", "of its images (default: preprocessor_config.json, or ImageNet's)", numbers())
    .option("--backbone-std <r,g,b>", "deviation of its images", numbers(1e-9));
}
