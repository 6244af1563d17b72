/** @module The settings file of a deployment to AWS, used by the stacks, the commands and the cost estimate. */
import * as z from "zod";
import { HistoError, InputError } from "../errors/index";
import { readJson } from "../files/index";
import { checkOptions, option, whole } from "../options/declaration/index";

/** Retention periods that CloudWatch Logs accepts, in days. */
const RETENTION = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3653];

const matching = (pattern: RegExp, rule: string, help: string) =>
  option(z.string().regex(pattern), help, { rule: `be ${rule}` });
const instanceType = (help: string) =>
  matching(/^[a-z]+\d+[a-z-]*\.[a-z0-9-]+$/, "an instance type such as c7g.large", help);
const access = {
  authorization: option(
    z.enum(["iam", "none"]),
    "iam: callers sign requests with AWS credentials; none: anyone may call, within the throttling limits",
  ),
  requestsPerSecond: option(whole(1, 10_000), "allowed requests per second"),
  burst: option(whole(1, 10_000), "allowed requests at the same moment"),
};

const lambdaSchema = z.strictObject({
  architecture: option(z.enum(["x86_64", "arm64"]), "processor"),
  memoryMb: option(whole(512, 10_240), "memory in MB; the share of processors is proportional to it"),
  timeoutSeconds: option(whole(1, 30), "longest duration of a request"),
  reservedConcurrency: option(
    whole(1, 10_000),
    "largest number of simultaneous executions: limits the bill and the share of the account's limit",
  ),
  provisionedConcurrency: option(whole(0, 10_000), "environments kept warm, billed by the hour; 0 for none"),
  modelSource: option(
    z.enum(["image", "efs"]),
    "where the weights are: in the container image, or on the shared EFS volume (puts the function into the VPC)",
  ),
  snapStart: option(
    z.boolean(),
    "start from a snapshot of the initialized process; not with EFS or provisioned concurrency",
  ),
  ...access,
  corsOrigins: option(
    z
      .string()
      .regex(/^https?:\/\/[^\s,/]+(,https?:\/\/[^\s,/]+)*$/)
      .optional(),
    "origins whose pages may call the function, separated by commas",
    { rule: "be origins such as https://a.example, separated by commas" },
  ),
});

const ec2Schema = z.strictObject({
  instanceType: instanceType("a g after the generation (c7g) is Graviton (arm64)"),
  instances: option(whole(1, 20), "number of servers"),
  ...access,
});

const trackingSchema = z.strictObject({
  instanceType: instanceType("of the MLflow server"),
  databaseInstanceType: matching(/^db\./, "such as db.t4g.micro", "of PostgreSQL"),
  databaseStorageGb: option(whole(20, 1000), "storage of PostgreSQL"),
});

const batchSchema = z.strictObject({
  cpu: option(z.literal([1024, 2048, 4096, 8192, 16384]), "1024 for each processor of a slide's job"),
  memoryMb: option(whole(2048, 131_072), "memory of a slide's job; 2 to 8 times cpu"),
});

const githubSchema = z.strictObject({
  repository: matching(/^[\w.-]+\/[\w.-]+$/, "owner/name", "repository whose workflows may deploy, owner/name"),
  environment: matching(/^[\w-]+$/, "letters, digits, _ and -", "protected environment from which they deploy"),
});

/** The settings file. Absent parts are not deployed. */
export const settingsSchema = z.strictObject({
  name: matching(
    /^[a-z][a-z0-9-]{0,15}$/,
    "1 to 16 of a-z, 0-9 and -, beginning with a letter",
    "prefix of every stack and resource name",
  ),
  region: matching(/^[a-z]{2}(-[a-z]+)+-\d$/, "a region such as eu-west-1", "AWS region"),
  alarmEmail: option(
    z
      .string()
      .regex(/^[^@\s]+@[^@\s]+\.[^@\s]+$/)
      .optional(),
    "receives alarms and budget notices",
    { rule: "be an e-mail address" },
  ),
  monthlyBudgetUsd: option(z.number().positive(), "send notices when the bill approaches this amount"),
  logRetentionDays: option(z.literal(RETENTION), "how long to keep log lines"),
  endpointZones: option(
    z.literal([1, 2]),
    "availability zones with interface endpoints: 1 is cheap, 2 survives the loss of a zone",
  ),
  lambda: option(lambdaSchema.optional(), "the function"),
  ec2: option(ec2Schema.optional(), "the servers"),
  tracking: option(trackingSchema.optional(), "the MLflow server"),
  batch: option(batchSchema.optional(), "jobs for whole slides"),
  github: option(githubSchema.optional(), "deployment from GitHub"),
});

export type DeploymentSettings = Readonly<z.output<typeof settingsSchema>>;
export type LambdaSettings = Readonly<z.output<typeof lambdaSchema>>;
export type Ec2Settings = Readonly<z.output<typeof ec2Schema>>;
export type TrackingSettings = Readonly<z.output<typeof trackingSchema>>;
export type BatchSettings = Readonly<z.output<typeof batchSchema>>;
export type CpuArchitecture = LambdaSettings["architecture"];
export type ModelSource = LambdaSettings["modelSource"];

/** Reads and checks a settings file. @throws {InputError} `SETTINGS_INVALID`, naming the file and the key */
export async function readSettings(path: string): Promise<DeploymentSettings> {
  return checkSettings(await readJson<DeploymentSettings>(path), path);
}

/** Returns the settings unchanged. @throws {InputError} `SETTINGS_INVALID`, naming the first wrong key */
export function checkSettings(settings: DeploymentSettings, source = "settings"): DeploymentSettings {
  const refuse = (message: string) => {
    throw new InputError("SETTINGS_INVALID", `${source}: ${message}`);
  };
  try {
    checkOptions(settingsSchema, settings, "setting");
  } catch (error) {
    if (error instanceof HistoError) refuse(error.message);
    throw error;
  }
  const { lambda, batch } = settings;
  if (lambda) {
    const { provisionedConcurrency, reservedConcurrency, snapStart, modelSource } = lambda;
    if (provisionedConcurrency > reservedConcurrency) {
      refuse("lambda.provisionedConcurrency must not be above lambda.reservedConcurrency.");
    }
    if (snapStart && modelSource === "efs") refuse("lambda.snapStart excludes modelSource efs.");
    if (snapStart && provisionedConcurrency > 0) refuse("lambda.snapStart excludes provisionedConcurrency.");
  }
  if (batch && (batch.memoryMb < batch.cpu * 2 || batch.memoryMb > batch.cpu * 8)) {
    refuse(`batch.memoryMb must be a whole number from ${batch.cpu * 2} to ${batch.cpu * 8}.`);
  }
  return settings;
}

/** `arm64` for a Graviton instance type such as `c7g.large`, else `x86_64`. */
export function architectureOf(instanceType: string): CpuArchitecture {
  return /^[a-z]+\d+[a-z]*g[a-z]*\./.test(instanceType) ? "arm64" : "x86_64";
}
