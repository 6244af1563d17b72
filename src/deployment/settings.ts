/** @module What is deployed to AWS: one typed, checked settings file for the stacks, the commands and the cost estimate. */
import { InputError } from "../errors/index";
import { readJson } from "../files/index";

/** Where the weights lie: in the container image, or on the shared EFS volume (which puts the function into the VPC). */
export type ModelSource = "image" | "efs";
/** `iam`: callers sign requests with AWS credentials; `none`: anybody may call, within the throttling limits. */
export type Authorization = "iam" | "none";
export type CpuArchitecture = "x86_64" | "arm64";

export interface LambdaSettings {
  readonly architecture: CpuArchitecture;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  /** Upper bound of simultaneous executions: bounds both the bill and the share of the account's limit. */
  readonly reservedConcurrency: number;
  /** Environments kept warm, paid by the hour; 0 for none. */
  readonly provisionedConcurrency: number;
  readonly modelSource: ModelSource;
  /** Start from a snapshot of the initialized process. Not together with EFS or provisioned concurrency. */
  readonly snapStart: boolean;
  readonly authorization: Authorization;
  readonly requestsPerSecond: number;
  readonly burst: number;
}

export interface Ec2Settings {
  /** The architecture follows from the family: a `g` after the generation (`c7g`) is Graviton (arm64). */
  readonly instanceType: string;
  readonly instances: number;
  readonly authorization: Authorization;
  readonly requestsPerSecond: number;
  readonly burst: number;
}

export interface TrackingSettings {
  readonly instanceType: string;
  readonly databaseInstanceType: string;
  readonly databaseStorageGb: number;
}

export interface BatchSettings {
  readonly cpu: number;
  readonly memoryMb: number;
}

/** The whole deployment. A part that is absent is not deployed. */
export interface DeploymentSettings {
  /** Prefix of every stack and resource name: lower-case letters, digits and hyphens. */
  readonly name: string;
  readonly region: string;
  /** Receives alarms and budget notices. */
  readonly alarmEmail?: string;
  readonly monthlyBudgetUsd: number;
  readonly logRetentionDays: number;
  /** Availability zones with interface endpoints: 1 is cheap, 2 survives the loss of a zone. */
  readonly endpointZones: 1 | 2;
  readonly lambda?: LambdaSettings;
  readonly ec2?: Ec2Settings;
  readonly tracking?: TrackingSettings;
  readonly batch?: BatchSettings;
  /** The repository whose workflows may deploy, `owner/name`, from this protected environment. */
  readonly github?: { readonly repository: string; readonly environment: string };
}

/** Retention periods that CloudWatch Logs accepts, in days. */
const RETENTION = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3653];

/**
 * Reads and checks a settings file.
 * @throws {InputError} `SETTINGS_INVALID`, naming the file and the key
 */
export async function readSettings(path: string): Promise<DeploymentSettings> {
  return checkSettings(await readJson<DeploymentSettings>(path), path);
}

/** Returns the settings unchanged, or throws an {@link InputError} `SETTINGS_INVALID` that names the first wrong key. */
export function checkSettings(settings: DeploymentSettings, source = "settings"): DeploymentSettings {
  const check = (valid: boolean, key: string, rule: string) => {
    if (!valid) throw new InputError("SETTINGS_INVALID", `${source}: ${key} ${rule}.`);
  };
  const whole = (value: unknown, key: string, lowest: number, highest: number) =>
    check(
      Number.isInteger(value) && Number(value) >= lowest && Number(value) <= highest,
      key,
      `must be a whole number from ${lowest} to ${highest}`,
    );
  const choice = (value: unknown, key: string, ...words: readonly unknown[]) =>
    check(words.includes(value), key, `must be one of ${words.join(", ")}`);
  check(/^[a-z][a-z0-9-]{0,15}$/.test(settings.name ?? ""), "name", "must be 1 to 16 of a-z, 0-9 and -");
  check(/^[a-z]{2}(-[a-z]+)+-\d$/.test(settings.region ?? ""), "region", "must be a region such as eu-west-1");
  if (settings.alarmEmail !== undefined) {
    check(/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(settings.alarmEmail), "alarmEmail", "must be an e-mail address");
  }
  check(settings.monthlyBudgetUsd > 0, "monthlyBudgetUsd", "must be above 0");
  choice(settings.logRetentionDays, "logRetentionDays", ...RETENTION);
  choice(settings.endpointZones, "endpointZones", 1, 2);
  const { lambda, ec2, tracking, batch, github } = settings;
  if (lambda) {
    choice(lambda.architecture, "lambda.architecture", "x86_64", "arm64");
    whole(lambda.memoryMb, "lambda.memoryMb", 512, 10240);
    whole(lambda.timeoutSeconds, "lambda.timeoutSeconds", 1, 30);
    whole(lambda.reservedConcurrency, "lambda.reservedConcurrency", 1, 10000);
    whole(lambda.provisionedConcurrency, "lambda.provisionedConcurrency", 0, lambda.reservedConcurrency);
    choice(lambda.modelSource, "lambda.modelSource", "image", "efs");
    choice(lambda.snapStart, "lambda.snapStart", true, false);
    choice(lambda.authorization, "lambda.authorization", "iam", "none");
    whole(lambda.requestsPerSecond, "lambda.requestsPerSecond", 1, 10000);
    whole(lambda.burst, "lambda.burst", 1, 10000);
    check(!(lambda.snapStart && lambda.modelSource === "efs"), "lambda.snapStart", "excludes modelSource efs");
    check(
      !(lambda.snapStart && lambda.provisionedConcurrency > 0),
      "lambda.snapStart",
      "excludes provisionedConcurrency",
    );
  }
  if (ec2) {
    instance(ec2.instanceType, "ec2.instanceType");
    whole(ec2.instances, "ec2.instances", 1, 20);
    choice(ec2.authorization, "ec2.authorization", "iam", "none");
    whole(ec2.requestsPerSecond, "ec2.requestsPerSecond", 1, 10000);
    whole(ec2.burst, "ec2.burst", 1, 10000);
  }
  if (tracking) {
    instance(tracking.instanceType, "tracking.instanceType");
    check(
      tracking.databaseInstanceType?.startsWith("db."),
      "tracking.databaseInstanceType",
      "must be such as db.t4g.micro",
    );
    whole(tracking.databaseStorageGb, "tracking.databaseStorageGb", 20, 1000);
  }
  if (batch) {
    choice(batch.cpu, "batch.cpu", 1024, 2048, 4096, 8192, 16384);
    whole(batch.memoryMb, "batch.memoryMb", batch.cpu * 2, batch.cpu * 8);
  }
  if (github) {
    check(/^[\w.-]+\/[\w.-]+$/.test(github.repository ?? ""), "github.repository", "must be owner/name");
    check(/^[\w-]+$/.test(github.environment ?? ""), "github.environment", "must be a plain word");
  }
  return settings;

  function instance(type: string, key: string) {
    check(/^[a-z]+\d+[a-z-]*\.[a-z0-9-]+$/.test(type ?? ""), key, "must be an instance type such as c7g.large");
  }
}

/** `arm64` for a Graviton instance type such as `c7g.large`, else `x86_64`. */
export function architectureOf(instanceType: string): CpuArchitecture {
  return /^[a-z]+\d+[a-z]*g[a-z]*\./.test(instanceType) ? "arm64" : "x86_64";
}
