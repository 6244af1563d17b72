/** @module The steps of a deployment and of its removal, as commands; `runPlan` runs them. */
import { architectureOf, type CpuArchitecture, type DeploymentSettings } from "./settings";

/** A command whose words may refer to outputs of earlier steps, such as `{account}`. */
export interface Step {
  readonly title: string;
  readonly command: readonly string[];
  /** Folder of the command, relative to the project. */
  readonly folder?: string;
  /** Name by which later steps refer to the command's output. */
  readonly gives?: string;
}

export type DeploymentTarget = "lambda" | "ec2";
/** What can be deployed and removed separately. */
export type DeploymentPart = DeploymentTarget | "tracking";

interface TrackingPlanOptions {
  /** Tag of the images. Tags are immutable, so that each deployment needs a new one. */
  readonly tag: string;
  readonly settingsFile: string;
}

interface PlanOptions extends TrackingPlanOptions {
  /** Exported model directory: becomes part of the function's image, or is uploaded to the servers' volume. */
  readonly model: string;
  /** Name of the model's release on the volume, such as its version. */
  readonly release: string;
}

const AWS_FOLDER = "serve/aws";

/** A command of serve/aws/src/operate.ts. */
export const operate = (...args: readonly string[]) => ["node", `${AWS_FOLDER}/dist/serve/aws/src/operate.js`, ...args];

const cdk = (title: string, verb: "deploy" | "destroy", settingsFile: string, stacks: readonly string[]): Step => ({
  title,
  folder: AWS_FOLDER,
  command: [
    ...["node", "node_modules/aws-cdk/bin/cdk", verb, ...stacks, "--exclusively", "--context"],
    `settings=${settingsFile}`,
    ...(verb === "deploy" ? ["--require-approval", "never"] : ["--force"]),
  ],
});

const platform = (architecture: CpuArchitecture) => `linux/${architecture === "arm64" ? "arm64" : "amd64"}`;

/** The account's registry; the first step finds the account. */
const registryOf = ({ region }: DeploymentSettings) => `{account}.dkr.ecr.${region}.amazonaws.com`;

interface Image {
  readonly title: string;
  readonly repository: string;
  readonly architecture: CpuArchitecture;
  readonly options: readonly string[];
  readonly context?: string;
}

/** Builds an image and pushes it. Later steps refer to its digest by the repository's name. */
function imageSteps(settings: DeploymentSettings, tag: string, image: Image): Step[] {
  const { title, repository, architecture, options, context = "." } = image;
  return [
    {
      title: `Build and push ${title}`,
      command: [
        ...["docker", "buildx", "build", ...options, "--platform", platform(architecture)],
        ...["--provenance=false", "--sbom=false"],
        ...["--tag", `${registryOf(settings)}/${settings.name}/${repository}:${tag}`],
        ...["--metadata-file", `{folder}/${repository}.json`, "--push", context],
      ],
    },
    { title: "Read its digest", command: operate("digest", `{folder}/${repository}.json`), gives: repository },
  ];
}

function firstSteps(settings: DeploymentSettings, settingsFile: string): Step[] {
  const stacks = ["network", "storage", "alerts"].map((part) => `${settings.name}-${part}`);
  return [
    { title: "Find the account", command: operate("account"), gives: "account" },
    cdk("Network, storage, alarms", "deploy", settingsFile, stacks),
    { title: "Compile", command: ["node", "scripts/build.mjs"] },
    { title: "Sign in to the registry", command: operate("sign-in", registryOf(settings)) },
  ];
}

/** The image with Docker Compose and the machine's scripts. */
const toolsImage = (architecture: CpuArchitecture): Image => ({
  title: "the hosts' tools",
  repository: "tools",
  architecture,
  options: ["--file", "serve/ec2/Dockerfile", "--target", "tools"],
});

/**
 * Stores the image to run in a parameter, for machines that start later.
 * @param verb `put-first` keeps an image that is recorded: it runs, the new one is not tested yet
 */
function put(settings: DeploymentSettings, parameter: string, repository: string, verb = "put"): Step {
  const uri = `${registryOf(settings)}/${settings.name}/${repository}@{${repository}}`;
  return {
    title: `Record which ${repository} image to run${verb === "put" ? "" : ", if none is"}`,
    command: operate(verb, `/${settings.name}/${parameter}`, uri),
  };
}

/** The steps that deploy a target, for the first time or again. */
export function deploymentPlan(
  target: DeploymentTarget,
  settings: DeploymentSettings,
  options: PlanOptions,
): readonly Step[] {
  return target === "lambda" ? lambdaPlan(settings, options) : ec2Plan(settings, options);
}

function lambdaPlan(settings: DeploymentSettings, { model, tag, settingsFile }: PlanOptions): readonly Step[] {
  const { name } = settings;
  const { architecture, modelSource } = settings.lambda as NonNullable<typeof settings.lambda>;
  const context = modelSource === "image" ? model : "{folder}";
  const uri = `${registryOf(settings)}/${name}/lambda@{lambda}`;
  const build = ["--file", "serve/lambda/Dockerfile", "--build-context", `model=${context}`];
  const image = { title: "the function's image", repository: "lambda", architecture, options: build };
  return [
    ...firstSteps(settings, settingsFile),
    ...imageSteps(settings, tag, image),
    { title: "Wait for the image's scan", command: operate("scan", `${name}/lambda`, "{lambda}") },
    put(settings, "lambda/image", "lambda"),
    cdk("Function and API", "deploy", settingsFile, [`${name}-lambda`]),
    {
      title: "Test the image, move the alias to it",
      command: operate("release", `${name}-predict`, uri),
      gives: "version",
    },
    { title: "Read the address", command: operate("output", name, `${name}-lambda`, "Url"), gives: "url" },
  ];
}

/**
 * The steps for machines that run an image: the image and the machines' tools are recorded if none is, so that the machines start,
 * and once more after `deploy` has tested them.
 */
function machineSteps(
  settings: DeploymentSettings,
  { tag, settingsFile }: TrackingPlanOptions,
  image: Image,
  deploy: readonly Step[],
): Step[] {
  const { repository, architecture } = image;
  const record = (verb?: string) => [
    put(settings, `${repository}/image`, repository, verb),
    put(settings, `${repository}/tools`, "tools", verb),
  ];
  const scan = operate("scan", `${settings.name}/${repository}`, `{${repository}}`);
  return [
    ...firstSteps(settings, settingsFile),
    ...imageSteps(settings, tag, image),
    ...imageSteps(settings, tag, toolsImage(architecture)),
    { title: "Wait for the image's scan", command: scan },
    ...record("put-first"),
    ...deploy,
    ...record(),
  ];
}

function ec2Plan(settings: DeploymentSettings, options: PlanOptions): readonly Step[] {
  const { name } = settings;
  const { model, release, settingsFile } = options;
  const architecture = architectureOf((settings.ec2 as NonNullable<typeof settings.ec2>).instanceType);
  const build = ["--file", "serve/ec2/Dockerfile", "--target", "server"];
  const image = { title: "the server's image", repository: "server", architecture, options: build };
  const bucket = operate("output", name, `${name}-storage`, "ReleasesBucket");
  return [
    ...machineSteps(settings, options, image, [
      { title: "Find the bucket", command: bucket, gives: "bucket" },
      { title: "Release the model", command: operate("upload", model, "{bucket}", release) },
      cdk("Servers and API", "deploy", settingsFile, [`${name}-ec2`]),
      { title: "Wait for the machines", command: operate("wait", name, `${name}-ec2`, "InstanceIds") },
      {
        title: "Start the images, then use the model, one machine at a time; go back to both if one fails",
        command: operate("servers", name, `${name}/server@{server}`, `${name}/tools@{tools}`, release),
      },
    ]),
    { title: "Read the address", command: operate("output", name, `${name}-ec2`, "Url"), gives: "url" },
  ];
}

/** The steps that deploy the MLflow server, for the first time or again. */
export function trackingPlan(settings: DeploymentSettings, options: TrackingPlanOptions): readonly Step[] {
  const { name } = settings;
  const architecture = architectureOf((settings.tracking as NonNullable<typeof settings.tracking>).instanceType);
  const build = ["--file", "mlruns-config/Dockerfile"];
  const image = {
    title: "MLflow's image",
    repository: "mlflow",
    architecture,
    options: build,
    context: "mlruns-config",
  };
  const output = (verb: string) => operate(verb, name, `${name}-tracking`, "InstanceId");
  return [
    ...machineSteps(settings, options, image, [
      cdk("Database, MLflow's machine", "deploy", options.settingsFile, [`${name}-tracking`]),
      { title: "Wait for the machine", command: output("wait") },
      {
        title: "Start the image",
        command: operate("mlflow", name, `${name}/mlflow@{mlflow}`, `${name}/tools@{tools}`),
      },
    ]),
    { title: "Find the machine", command: output("output"), gives: "instance" },
  ];
}

/** Stacks in an order in which they can be removed: those that others need come last. */
export const REMOVAL_ORDER = ["github", "batch", "tracking", "ec2", "lambda", "alerts", "storage", "network"] as const;

/** Data that a removal keeps on purpose. */
export const KEPT = [
  "the model volume (EFS)",
  "the buckets of tiles, of released models, of MLflow's artifacts and of access logs",
  "a last snapshot of MLflow's database",
] as const;

/** The steps that remove one part, or everything but the data named in {@link KEPT}. */
export function removalPlan(
  settings: DeploymentSettings,
  target: DeploymentPart | "all",
  settingsFile: string,
): readonly Step[] {
  const deployed = REMOVAL_ORDER.filter(
    (part) => !["lambda", "ec2", "tracking", "batch", "github"].includes(part) || settings[part as "lambda"],
  );
  const parts = target === "all" ? deployed : [target];
  return parts.map((part) => cdk(`Remove ${part}`, "destroy", settingsFile, [`${settings.name}-${part}`]));
}

/** Replaces references to known values in a command's words. Keeps the others, so that a plan can be shown. */
export function filled(command: readonly string[], values: Readonly<Record<string, string>>): string[] {
  return command.map((word) => word.replace(/\{(\w+)\}/g, (whole, key: string) => values[key] ?? whole));
}
