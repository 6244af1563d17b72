/** @module The list of commands. Each is loaded when it is asked for, so that `histo --help` loads none. */
import type { Command } from "commander";
import { benchmarks } from "../../bench/index";
import { addCommand, type CommandDefinition } from "./command";

interface Entry {
  /** What is typed after `histo`. */
  readonly words: readonly string[];
  readonly summary: string;
  load(): Promise<(command: Command) => void>;
}

function entry<Options, Result>(
  words: string,
  summary: string,
  load: () => Promise<CommandDefinition<Options, Result>>,
): Entry {
  return {
    words: words.split(" "),
    summary,
    async load() {
      const definition = await load();
      return (command) => addCommand(command, definition);
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
  entry(
    "data synth",
    "draw synthetic H&E-like polyp tiles in MHIST's layout",
    async () => (await import("./data-synth.js")).dataSynthCommand,
  ),
  entry(
    "data pack",
    "decode every image once into the packed pixel store",
    async () => (await import("./data-pack.js")).dataPackCommand,
  ),
  entry(
    "start",
    "the whole pipeline: draw or read images, train, evaluate, export, verify, and serve a web page",
    async () => (await import("./start.js")).startCommand,
  ),
  entry(
    "doctor",
    "show what this machine supports, and what is missing",
    async () => (await import("./doctor.js")).doctorCommand,
  ),
  entry(
    "bench",
    `benchmark against a peer library: ${Object.keys(benchmarks).join(", ")}`,
    async () => (await import("./bench.js")).benchCommand,
  ),
  entry(
    "eda",
    "explore a data set: classes, votes, colours, sizes, duplicates",
    async () => (await import("./eda.js")).edaCommand,
  ),
  entry(
    "train",
    "train a model; keeps its best weights, predictions and metrics in a run directory",
    async () => (await import("./train.js")).trainCommand,
  ),
  entry(
    "lr-range",
    "increase the learning rate over a few hundred steps, and find where the loss falls and where it diverges",
    async () => (await import("./lr-range.js")).lrRangeCommand,
  ),
  entry(
    "compare",
    "train common techniques on one data set and compare their results and costs",
    async () => (await import("./compare.js")).compareCommand,
  ),
  entry(
    "backbone list",
    "list the known pretrained networks, and which are downloaded",
    async () => (await import("./backbone.js")).backboneListCommand,
  ),
  entry(
    "backbone fetch",
    "fetch a pretrained network by its name in histo backbone list, and convert it to ONNX",
    async () => (await import("./backbone.js")).backboneFetchCommand,
  ),
  entry(
    "search",
    "search for an architecture; repeat the command to resume",
    async () => (await import("./search.js")).searchCommand,
  ),
  entry(
    "worker",
    "run trials that searches distribute through Redis, until stopped",
    async () => (await import("./worker.js")).workerCommand,
  ),
  entry(
    "evaluate",
    "evaluate a run from its predictions, and write its report",
    async () => (await import("./evaluate.js")).evaluateCommand,
  ),
  entry(
    "metrics",
    "compute metrics for any CSV of true labels and scores",
    async () => (await import("./metrics.js")).metricsCommand,
  ),
  entry(
    "export",
    "export a training run as an ONNX model directory",
    async () => (await import("./export.js")).exportCommand,
  ),
  entry(
    "card",
    "print a model's card: training data, results, limits",
    async () => (await import("./card.js")).cardCommand,
  ),
  entry(
    "explain",
    "draw heat maps that explain a model's predictions",
    async () => (await import("./explain.js")).explainCommand,
  ),
  entry(
    "predict",
    "predict the class of images with an exported model",
    async () => (await import("./predict.js")).predictCommand,
  ),
  entry(
    "slide",
    "predict whole slides tile by tile: a table, a map, and objects for QuPath",
    async () => (await import("./slide.js")).slideCommand,
  ),
  entry("serve", "serve models over HTTP, with a web page", async () => (await import("./serve.js")).serveCommand),
  entry(
    "notebook run",
    "run notebooks from top to bottom and save their outputs",
    async () => (await import("./notebook-run.js")).notebookRun,
  ),
  entry(
    "runs",
    "list runs on the MLflow server, or compare the given ones",
    async () => (await import("./runs.js")).runsCommand,
  ),
  entry(
    "completion",
    "print a script that completes commands and options in bash, zsh or fish",
    async () => (await import("./completion.js")).completionCommand,
  ),
  entry(
    "options",
    "print all options as tables for the docs, or as JSON schema",
    async () => (await import("./options.js")).optionsCommand,
  ),
  entry("deploy lambda", "deploy a model as an AWS Lambda function", async () =>
    (await import("./deploy.js")).deployTarget("lambda"),
  ),
  entry("deploy ec2", "deploy a model on EC2 servers", async () => (await import("./deploy.js")).deployTarget("ec2")),
  entry(
    "deploy tracking",
    "deploy an MLflow server with PostgreSQL and S3",
    async () => (await import("./deploy.js")).trackingCommand,
  ),
  entry(
    "deploy status",
    "stacks, addresses, images and alarms of the deployment",
    async () => (await import("./deploy.js")).statusCommand,
  ),
  entry(
    "deploy logs",
    "log lines of the function, the servers or MLflow",
    async () => (await import("./deploy.js")).logsCommand,
  ),
  entry(
    "deploy prices",
    "update the price table from AWS's price list",
    async () => (await import("./deploy-prices.js")).pricesCommand,
  ),
  entry(
    "deploy destroy",
    "remove a deployment; lists the data that is kept",
    async () => (await import("./deploy.js")).destroyCommand,
  ),
  entry(
    "mlflow start",
    "run a local MLflow server (SQLite and a folder) until Ctrl-C",
    async () => (await import("./mlflow-start.js")).mlflowStartCommand,
  ),
  entry(
    "mlflow sync",
    "send logged runs to an MLflow server that was unreachable",
    async () => (await import("./mlflow-sync.js")).mlflowSyncCommand,
  ),
];

/** Adds every command to the program. @param argv only the commands that it names get their options; all where absent */
export async function registerCommands(program: Command, argv?: readonly string[]): Promise<void> {
  for (const { words, summary, load } of COMMANDS) {
    const parent = words.slice(0, -1).reduce(groupOf, program);
    const command = parent.command(words.at(-1) as string).description(summary);
    if (!argv || words.every((word) => argv.includes(word))) (await load())(command);
  }
}

function groupOf(parent: Command, name: string): Command {
  const there = parent.commands.find((command) => command.name() === name);
  return there ?? parent.command(name).description(GROUPS[name] ?? "");
}
