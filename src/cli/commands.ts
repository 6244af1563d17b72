/** @module The list of commands. Each is loaded when it is used, so that `histo --help` loads none. */
import type { Command } from "commander";
import { benchmarks } from "../../bench/index";
import type { OptionsSchema } from "../options/index";
import { addCommand, type CommandDefinition } from "./command";

interface Entry {
  /** The words after `histo`. */
  readonly words: readonly string[];
  readonly summary: string;
  load(): Promise<{ readonly schema: OptionsSchema | undefined; addTo(command: Command): Promise<void> }>;
}

function entry<Schema extends OptionsSchema, Result>(
  words: string,
  summary: string,
  load: () => Promise<{ readonly command: CommandDefinition<Schema, Result> }>,
): Entry {
  return {
    words: words.split(" "),
    summary,
    async load() {
      const { command: definition } = await load();
      return { schema: definition.schema, addTo: (command) => addCommand(command, definition) };
    },
  };
}

const GROUPS: Readonly<Record<string, string>> = {
  data: "make and prepare data sets",
  backbone: "pretrained networks: list and fetch them",
  notebook: "notebooks without Jupyter",
  deploy: "deploy to AWS, monitor and remove deployments",
  mlflow: "the tracking server",
};

const COMMANDS: readonly Entry[] = [
  entry("data synth", "draw synthetic H&E-like polyp tiles in MHIST's layout", async () => ({
    command: (await import("./data.js")).synthCommand,
  })),
  entry("data pack", "decode every image once into the packed pixel store", async () => ({
    command: (await import("./data.js")).packCommand,
  })),
  entry(
    "start",
    "the whole pipeline: draw or read images, train, evaluate, export, verify, and serve a web page",
    () => import("./start.js"),
  ),
  entry("doctor", "show what this machine supports, and what is missing", () => import("./doctor.js")),
  entry("bench", `benchmark against a peer library: ${Object.keys(benchmarks).join(", ")}`, () => import("./bench.js")),
  entry("eda", "explore a data set: classes, votes, colours, sizes, duplicates", () => import("./eda.js")),
  entry(
    "train",
    "train a model; keeps its best weights, predictions and metrics in a run directory",
    () => import("./train.js"),
  ),
  entry(
    "lr-range",
    "increase the learning rate over a few hundred steps, and find where the loss falls and where it diverges",
    () => import("./lr-range.js"),
  ),
  entry(
    "compare",
    "train common techniques on one data set and compare their results and costs",
    () => import("./compare.js"),
  ),
  entry("backbone list", "list the known pretrained networks, and which are downloaded", async () => ({
    command: (await import("./backbone.js")).backboneListCommand,
  })),
  entry(
    "backbone fetch",
    "fetch a pretrained network by its name in histo backbone list, and convert it to ONNX",
    async () => ({ command: (await import("./backbone.js")).backboneFetchCommand }),
  ),
  entry("search", "search for an architecture; repeat the command to resume", () => import("./search.js")),
  entry("worker", "run trials that searches distribute through Redis, until stopped", () => import("./worker.js")),
  entry("evaluate", "evaluate a run from its predictions, and write its report", () => import("./evaluate.js")),
  entry("metrics", "compute metrics for any CSV of true labels and scores", () => import("./metrics.js")),
  entry("export", "export a training run as an ONNX model directory", () => import("./export.js")),
  entry("card", "print a model's card: training data, results, limits", () => import("./card.js")),
  entry("explain", "draw heat maps that explain a model's predictions", () => import("./explain.js")),
  entry("predict", "predict the class of images with an exported model", () => import("./predict.js")),
  entry(
    "slide",
    "predict whole slides tile by tile: a table, a map, and objects for QuPath",
    () => import("./slide.js"),
  ),
  entry("serve", "serve models over HTTP, with a web page", () => import("./serve.js")),
  entry("notebook run", "run notebooks from top to bottom and save their outputs", () => import("./notebook-run.js")),
  entry("runs", "list runs on the MLflow server, or compare the given ones", () => import("./runs.js")),
  entry(
    "completion",
    "print a script that completes commands and options in bash, zsh or fish",
    () => import("./completion.js"),
  ),
  entry("options", "print all options as tables for the docs, or as JSON schema", () => import("./options.js")),
  entry("deploy lambda", "deploy a model as an AWS Lambda function", async () => ({
    command: (await import("./deploy.js")).deployTarget("lambda"),
  })),
  entry("deploy ec2", "deploy a model on EC2 servers", async () => ({
    command: (await import("./deploy.js")).deployTarget("ec2"),
  })),
  entry("deploy tracking", "deploy an MLflow server with PostgreSQL and S3", async () => ({
    command: (await import("./deploy.js")).trackingCommand,
  })),
  entry("deploy status", "stacks, addresses, images and alarms of the deployment", async () => ({
    command: (await import("./deploy.js")).statusCommand,
  })),
  entry("deploy logs", "log lines of the function, the servers or MLflow", async () => ({
    command: (await import("./deploy.js")).logsCommand,
  })),
  entry("deploy prices", "update the price table from AWS's price list", () => import("./deploy-prices.js")),
  entry("deploy destroy", "remove a deployment; lists the data that is kept", async () => ({
    command: (await import("./deploy.js")).destroyCommand,
  })),
  entry("mlflow start", "run a local MLflow server (SQLite and a folder) until Ctrl-C", async () => ({
    command: (await import("./mlflow.js")).startCommand,
  })),
  entry("mlflow sync", "send logged runs to an MLflow server that was unreachable", async () => ({
    command: (await import("./mlflow.js")).syncCommand,
  })),
];

/** Adds every command to the program. @param argv load only the commands named here; default: all */
export async function registerCommands(program: Command, argv?: readonly string[]): Promise<void> {
  for (const { words, summary, load } of COMMANDS) {
    const parent = words.slice(0, -1).reduce(groupOf, program);
    const command = parent.command(words.at(-1) as string).description(summary);
    if (!argv || words.every((word) => argv.includes(word))) await (await load()).addTo(command);
  }
}

/** The options of every command that has some, by name; commands with the same options as `deploy lambda|ec2`. */
export async function commandSchemas(): Promise<Record<string, OptionsSchema>> {
  const names = new Map<OptionsSchema, string>();
  for (const { words, load } of COMMANDS) {
    const { schema } = await load();
    const same = schema && names.get(schema);
    if (schema) names.set(schema, same ? `${same}|${words.at(-1)}` : words.join(" "));
  }
  return Object.fromEntries([...names].map(([schema, name]) => [name, schema]));
}

function groupOf(parent: Command, name: string): Command {
  const there = parent.commands.find((command) => command.name() === name);
  return there ?? parent.command(name).description(GROUPS[name] ?? "");
}
