/** @module The steps of a deployment and of its removal, as the commands they are. Nothing is run here. */
import { architectureOf, type CpuArchitecture, type DeploymentSettings } from "./settings";

/** One step: a command whose words may name values of earlier steps, such as `{account}`. */
export interface Step {
  readonly title: string;
  readonly command: readonly string[];
  /** Folder of the command, relative to the project. */
  readonly folder?: string;
  /** Name under which what the command prints is known to later steps. */
  readonly gives?: string;
}

/** What can be deployed by itself. */
export type DeploymentTarget = "lambda" | "ec2";

export interface PlanOptions {
  /** Exported model directory: baked into the function's image, or released to the servers' volume. */
  readonly model: string;
  /** Name of the model's release on the volume, such as its version. */
  readonly release: string;
  /** Tag of the images: new for each deployment, as tags are immutable. */
  readonly tag: string;
  readonly settingsFile: string;
}

const AWS_FOLDER = "serve/aws";

/** One AWS operation of serve/aws/src/operate.ts. */
const operate = (...args: readonly string[]) => ["node", `${AWS_FOLDER}/dist/serve/aws/src/operate.js`, ...args];

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

/** The steps that deploy a target, from nothing or over what is there. */
export function deploymentPlan(
  target: DeploymentTarget,
  settings: DeploymentSettings,
  options: PlanOptions,
): readonly Step[] {
  const { name } = settings;
  const registry = `{account}.dkr.ecr.${settings.region}.amazonaws.com`;
  const stacks = (...parts: readonly string[]) => parts.map((part) => `${name}-${part}`);
  const image = (title: string, repository: string, architecture: CpuArchitecture, more: readonly string[]): Step[] => [
    {
      title: `Build and push ${title}`,
      command: [
        ...["docker", "buildx", "build", ...more, "--platform", platform(architecture)],
        ...["--provenance=false", "--sbom=false", "--tag", `${registry}/${name}/${repository}:${options.tag}`],
        ...["--metadata-file", `{folder}/${repository}.json`, "--push", "."],
      ],
    },
    { title: "Read its digest", command: operate("digest", `{folder}/${repository}.json`), gives: repository },
  ];
  const before: Step[] = [
    { title: "Find the account", command: operate("account"), gives: "account" },
    cdk("Network, storage, alarms", "deploy", options.settingsFile, stacks("network", "storage", "alerts")),
    { title: "Compile", command: ["node", "scripts/build.mjs"] },
    { title: "Sign in to the registry", command: operate("sign-in", registry) },
  ];
  if (target === "lambda") {
    const { architecture, modelSource } = settings.lambda as NonNullable<typeof settings.lambda>;
    const model = modelSource === "image" ? options.model : "{folder}";
    const uri = `${registry}/${name}/lambda@{lambda}`;
    return [
      ...before,
      ...image("the function's image", "lambda", architecture, [
        ...["--file", "serve/lambda/Dockerfile", "--build-context", `model=${model}`],
      ]),
      { title: "Wait for the image's scan", command: operate("scan", `${name}/lambda`, "{lambda}") },
      { title: "Say which image runs", command: operate("put", `/${name}/lambda/image`, uri) },
      cdk("Function and API", "deploy", options.settingsFile, stacks("lambda")),
      {
        title: "Test the image, move the alias to it",
        command: operate("release", `${name}-predict`, uri),
        gives: "version",
      },
      { title: "Read the address", command: operate("output", name, `${name}-lambda`, "Url"), gives: "url" },
    ];
  }
  const { instanceType } = settings.ec2 as NonNullable<typeof settings.ec2>;
  const build = (stage: string) => ["--file", "serve/ec2/Dockerfile", "--target", stage];
  const put = (key: string, repository: string): Step => ({
    title: `Say which ${repository} image runs`,
    command: operate("put", `/${name}/server/${key}`, `${registry}/${name}/${repository}@{${repository}}`),
  });
  return [
    ...before,
    ...image("the server's image", "server", architectureOf(instanceType), build("server")),
    ...image("the hosts' tools", "tools", architectureOf(instanceType), build("tools")),
    { title: "Wait for the image's scan", command: operate("scan", `${name}/server`, "{server}") },
    put("image", "server"),
    put("tools", "tools"),
    {
      title: "Find the bucket",
      command: operate("output", name, `${name}-storage`, "ReleasesBucket"),
      gives: "bucket",
    },
    { title: "Release the model", command: operate("upload", options.model, "{bucket}", options.release) },
    cdk("Servers and API", "deploy", options.settingsFile, stacks("ec2")),
    { title: "Use the model", command: operate("model", name, options.release) },
    {
      title: "Start the images, one machine at a time",
      command: operate("deploy", name, `${name}/server@{server}`, `${name}/tools@{tools}`),
    },
    { title: "Read the address", command: operate("output", name, `${name}-ec2`, "Url"), gives: "url" },
  ];
}

/** Stacks in the order in which they can go, those that others need last. */
const REMOVAL_ORDER = ["github", "batch", "tracking", "ec2", "lambda", "alerts", "storage", "network"] as const;

/** What stays after a removal, on purpose, and what it is. */
export const KEPT = [
  "the model volume (EFS)",
  "the buckets of tiles, of released models, of MLflow's artifacts and of access logs",
  "a last snapshot of MLflow's database",
] as const;

/** Removes one part, or everything; the data named in {@link KEPT} stays. */
export function removalPlan(
  settings: DeploymentSettings,
  target: DeploymentTarget | "all",
  settingsFile: string,
): readonly Step[] {
  const deployed = REMOVAL_ORDER.filter(
    (part) => !["lambda", "ec2", "tracking", "batch", "github"].includes(part) || settings[part as "lambda"],
  );
  const parts = target === "all" ? deployed : [target];
  return parts.map((part) => cdk(`Remove ${part}`, "destroy", settingsFile, [`${settings.name}-${part}`]));
}

/** Puts known values into a command's words; unknown ones stay as they are, so that a plan can be shown. */
export function filled(command: readonly string[], values: Readonly<Record<string, string>>): string[] {
  return command.map((word) => word.replace(/\{(\w+)\}/g, (whole, key: string) => values[key] ?? whole));
}

/** A command as one would type it. */
export function shellText(command: readonly string[]): string {
  return command.map((word) => (/^[\w@%+=:,./{}-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`)).join(" ");
}
