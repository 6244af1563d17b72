/** @module Runs the steps of a plan in order and passes their outputs on, once there are credentials. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
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

/** Environment variables that give or name credentials; one is enough. */
const VARIABLES = [
  "AWS_ACCESS_KEY_ID",
  "AWS_PROFILE",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
] as const;

/** The metadata service that gives EC2 machines their credentials. It answers within milliseconds or not at all. */
const METADATA = "http://169.254.169.254/latest/api/token";
const METADATA_TIMEOUT_MS = 200;

/**
 * Requires one of the sources of credentials that AWS's tools use. Does not check whether AWS accepts them.
 * @throws {HistoError} `AWS_CREDENTIALS_MISSING`
 */
export async function requireCredentials(environment: NodeJS.ProcessEnv = process.env): Promise<void> {
  if (VARIABLES.some((name) => environment[name])) return;
  const folder = join(environment.HOME ?? homedir(), ".aws");
  const files = [
    environment.AWS_SHARED_CREDENTIALS_FILE ?? join(folder, "credentials"),
    environment.AWS_CONFIG_FILE ?? join(folder, "config"),
  ];
  if (files.some((file) => existsSync(file))) return;
  if (environment.AWS_EC2_METADATA_DISABLED !== "true" && (await isOnEc2())) return;
  const message =
    "There are no AWS credentials here: run `aws configure` (or `aws sso login`), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.";
  throw new HistoError("AWS_CREDENTIALS_MISSING", message);
}

async function isOnEc2(): Promise<boolean> {
  try {
    const headers = { "X-aws-ec2-metadata-token-ttl-seconds": "60" };
    const signal = AbortSignal.timeout(METADATA_TIMEOUT_MS);
    return (await fetch(METADATA, { method: "PUT", headers, signal })).ok;
  } catch {
    return false;
  }
}
