/** @module Runs the steps of a plan in order and passes their outputs on. */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HistoError, Interrupted } from "../errors/index";
import { projectRoot } from "../files/index";
import { type Progress, silentProgress } from "../progress/index";
import { filled, type Step } from "./plan";

interface RunPlanOptions {
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Runs the steps. Outputs that later steps need are collected; all others go to standard error.
 * @returns the collected outputs by name
 * @throws {HistoError} `DEPLOY_STEP_FAILED`, naming the step; the steps before it stay done
 */
export async function runPlan(
  steps: readonly Step[],
  { progress = silentProgress, signal, environment = {} }: RunPlanOptions = {},
): Promise<Record<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), "histo-deploy-"));
  const values: Record<string, string> = { folder };
  try {
    for (const [index, step] of steps.entries()) {
      if (signal?.aborted) throw new Interrupted();
      progress.say(`[${index + 1}/${steps.length}] ${step.title}`);
      const output = await runStep(step, filled(step.command, values), environment, signal);
      if (step.gives) values[step.gives] = output.trim();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const { folder: _, ...given } = values;
  return given;
}

function runStep(
  step: Step,
  [command = "", ...args]: readonly string[],
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command === "node" ? process.execPath : command, args, {
      cwd: join(projectRoot(), step.folder ?? "."),
      env: { ...process.env, CDK_DISABLE_CLI_TELEMETRY: "1", ...environment },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const stop = () => child.kill("SIGINT");
    signal?.addEventListener("abort", stop, { once: true });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (step.gives) output += text;
      else process.stderr.write(text);
    });
    const fail = (reason: string) => {
      const message = `The step "${step.title}" failed: ${reason}. The steps before it are done; run the command again.`;
      reject(signal?.aborted ? new Interrupted() : new HistoError("DEPLOY_STEP_FAILED", message));
    };
    child.on("error", (error) => fail(error.message));
    child.on("close", (status, name) => {
      signal?.removeEventListener("abort", stop);
      if (status === 0) resolve(output);
      else fail(`${command} ended with ${name ?? `status ${status}`}`);
    });
  });
}
