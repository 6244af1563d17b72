/** @module `histo runs`: lists or compares the runs of an MLflow server. */
import * as z from "zod";
import { countValues } from "../collections/index";
import { InputError } from "../errors/index";
import { seconds, shortNumber, textTable } from "../format/index";
import { option, whole } from "../options/index";
import type { Mlflow, Run } from "../tracking/index";
import { defineCommand } from "./command";
import { mlflowSchema, withMlflow } from "./mlflow";

const runsSchema = mlflowSchema.extend({
  experiment: option(z.string().optional(), "only this experiment", { value: "name", usual: "all" }),
  filter: option(
    z.string().optional(),
    "MLflow's filter, such as \"metrics.test/rocAuc > 0.8 and params.model = 'mlp'\"",
    { value: "expression" },
  ),
  orderBy: option(z.string().optional(), 'such as "metrics.test/rocAuc DESC"', { value: "key", usual: "newest first" }),
  metrics: option(z.array(z.string()).readonly().optional(), "metrics to show, separated by commas", {
    value: "names",
    usual: "those that most runs have",
  }),
  limit: option(whole(1).default(20), "most runs to list", { value: "n" }),
});

type Options = z.output<typeof runsSchema>;

type RunSummary = ReturnType<typeof summarize>;

interface Result {
  readonly server: string;
  /** True for a comparison of given runs. */
  readonly compare: boolean;
  readonly shownMetrics: readonly string[];
  readonly runs: readonly RunSummary[];
}

export const command = defineCommand({
  schema: runsSchema,
  configure: (command) => command.argument("[runs...]", "ids of runs to compare"),
  run: (options, { args, signal }) =>
    withMlflow(options, async (client) => {
      const found =
        args.length > 0
          ? await Promise.all(args.map((id) => client.getRun(id)))
          : await listRuns(client, options, signal);
      // Imported late because it loads much, in vain if the server does not answer.
      const { currentMetricName: nameOf } = await import("../experiments/tracking/index.js");
      const runs = found.map((run) => summarize(client, run, nameOf));
      return {
        server: client.trackingUri,
        compare: args.length > 0,
        shownMetrics: options.metrics?.map(nameOf) ?? commonMetrics(runs),
        runs,
      };
    }),
  render: (result) => (result.compare ? renderComparison(result.runs) : renderList(result)),
});

async function listRuns(client: Mlflow, options: Options, signal: AbortSignal): Promise<Run[]> {
  const experiments: string[] = [];
  if (options.experiment !== undefined) {
    const { experiments: found } = await client.searchExperiment(`name = '${options.experiment.replace(/'/g, "\\'")}'`);
    if (!found[0]) {
      throw new InputError("EXPERIMENT_MISSING", `--experiment: ${client.trackingUri} has no "${options.experiment}".`);
    }
    experiments.push(found[0].experiment_id);
  } else {
    const { pagesOf } = await import("../tracking/index.js");
    for await (const page of pagesOf((token) => client.searchExperiment(undefined, 1000, token))) {
      experiments.push(...page.experiments.map((experiment) => experiment.experiment_id));
    }
  }
  const order = [quoted(options.orderBy) ?? "attributes.start_time DESC"];
  const runs: Run[] = [];
  const pageSize = Math.min(options.limit, 500);
  for await (const run of client.iterateRuns(experiments, quoted(options.filter), order, "ACTIVE_ONLY", pageSize)) {
    runs.push(run);
    if (runs.length >= options.limit || signal.aborted) break;
  }
  return runs;
}

/** Puts metric names with a slash in quotes, as MLflow requires. */
function quoted(expression: string | undefined): string | undefined {
  return expression?.replace(/\bmetrics\.([\w.-]+(?:\/[\w.-]+)+)/g, "metrics.`$1`");
}

/** A run as `--json` prints it. Times are milliseconds since 1970. @param nameOf gives the current name of a metric */
function summarize(client: Mlflow, { info, data }: Run, nameOf: (name: string) => string) {
  const tags = new Map(data.tags.map(({ key, value }) => [key, value]));
  const parentRunId = tags.get("mlflow.parentRunId");
  return {
    runId: info.run_id,
    name: info.run_name ?? tags.get("mlflow.runName") ?? "",
    experimentId: info.experiment_id,
    ...(parentRunId ? { parentRunId } : {}),
    status: info.status,
    startTime: Number(info.start_time),
    ...(info.end_time ? { endTime: Number(info.end_time) } : {}),
    metrics: Object.fromEntries(data.metrics.map(({ key, value }) => [nameOf(key), value])),
    params: Object.fromEntries(data.params.map(({ key, value }) => [key, value])),
    url: client.runUrl(info.experiment_id, info.run_id),
  };
}

/** Shown first if runs have them. */
const MAIN_METRICS = ["test/rocAuc", "validation_best/rocAuc", "test/balancedAccuracy", "test/recall", "test/brier"];

/** At most five metrics: the main ones, then those that most runs have; without those of the machine. */
function commonMetrics(runs: readonly RunSummary[]): string[] {
  const names = runs.flatMap(({ metrics }) => Object.keys(metrics)).filter((name) => !name.startsWith("system/"));
  const common = [...countValues(names.sort()).keys()];
  return [...new Set([...MAIN_METRICS.filter((name) => common.includes(name)), ...common])].slice(0, 5);
}

function renderList({ runs, shownMetrics, server }: Result): string {
  if (runs.length === 0) return `No runs on ${server}.`;
  const rows = runs.map((run) => [
    run.runId,
    `${run.parentRunId ? "↳ " : ""}${run.name}`,
    run.status,
    timeOf(run.startTime),
    durationOf(run),
    ...shownMetrics.map((name) => metricOf(run, name)),
  ]);
  return textTable(["run", "name", "status", "started", "took", ...shownMetrics], rows);
}

/** One column per run; parameters and metrics in which the runs differ first. */
function renderComparison(runs: readonly RunSummary[]): string {
  const namesOf = (kind: "params" | "metrics") =>
    [...new Set(runs.flatMap((run) => Object.keys(run[kind])))].filter((name) => !name.startsWith("system/")).sort();
  const rows = [
    ["run", ...runs.map(({ runId }) => runId)],
    ["status", ...runs.map(({ status }) => status)],
    ["started", ...runs.map(({ startTime }) => timeOf(startTime))],
    ["took", ...runs.map(durationOf)],
    ...namesOf("params").map((name) => [name, ...runs.map((run) => clip(run.params[name] ?? "-"))]),
    ...namesOf("metrics").map((name) => [name, ...runs.map((run) => metricOf(run, name))]),
  ];
  const marked = rows.map(([name = "", ...cells]) => [`${new Set(cells).size > 1 ? "* " : "  "}${name}`, ...cells]);
  const table = textTable(["", ...runs.map(({ name }) => name)], marked);
  return runs.length > 1 ? `${table}\n* differs` : table;
}

function metricOf(run: RunSummary, name: string): string {
  const value = run.metrics[name];
  return value === undefined ? "-" : shortNumber(value);
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 16).replace("T", " ");
}

function durationOf({ startTime, endTime }: RunSummary): string {
  return endTime === undefined ? "-" : seconds(Math.max(0, endTime - startTime) / 1000);
}

function clip(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
