/** @module Logs what every MLflow run of a run directory contains, and tells where the log is. Does not need TensorFlow. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { type BinaryMetrics, bestEpoch, measureRun, type RunMetrics, type RunResults } from "../evaluation/index";
import { readJson, writeJson } from "../files/index";
import { counted, escapeMarkdown, markdownTable, withInterval } from "../format/index";
import type { ModelCard } from "../model-directory/index";
import type { Figure } from "../plots/index";
import type { RunConfig, RunDirectory } from "../runs/index";
import type { ActiveRun, SpoolSenderReport } from "../tracking/index";

/** Logs a configuration as parameters, and its data set as the input of the run. */
export function describeRun(active: ActiveRun, config: Partial<RunConfig>): void {
  const { preprocessing, notes: _notes, dataset: _dataset, mlflowRunId: _id, ...params } = config;
  active.logParams({ ...params, ...(preprocessing && flat("preprocessing", preprocessing)) });
  logDataset(active, config);
}

/** Logs the data set of a configuration as the input of the run. */
export function logDataset(active: ActiveRun, { data, contentHash, tiles }: Partial<RunConfig>): void {
  if (data === undefined || contentHash === undefined) return;
  active.logInputs([
    {
      dataset: {
        name: data.split("/").at(-1) ?? data,
        digest: contentHash.slice(0, 36),
        source_type: "local",
        source: JSON.stringify({ uri: data }),
        profile: JSON.stringify(tiles),
      },
      tags: [{ key: "mlflow.data.context", value: "training" }],
    },
  ]);
}

/** Sends the files of a run that exist, without its weights. */
export async function logRunFiles(active: ActiveRun, run: RunDirectory): Promise<void> {
  const files = [run.config, run.history, run.metrics, run.log, run.report];
  for (const file of [...files, run.predictions("validation"), run.predictions("test")]) {
    if (existsSync(file)) await active.logArtifact(file);
  }
}

/** Sends figures as pages in `figures/`. @param folder folder of the run's artifacts, with a slash at its end */
export async function logFigures(
  active: ActiveRun,
  figures: Readonly<Record<string, Figure>>,
  folder = "",
): Promise<void> {
  for (const [name, figure] of Object.entries(figures)) {
    await active.logFigure(figure, `${folder}figures/${name}.html`);
  }
}

/** Stores the MLflow id in the run's configuration file, if there is one. */
export async function rememberRunId({ runId }: ActiveRun, run: RunDirectory): Promise<void> {
  if (!runId || !existsSync(run.config)) return;
  const config = await readJson<RunConfig>(run.config);
  if (config.mlflowRunId !== runId) await writeJson(run.config, { ...config, mlflowRunId: runId });
}

/** Describes the run and its results at the top of its page. @param picture artifact of the run that shows the curves */
export async function describeResults(active: ActiveRun, results: RunResults, picture?: string): Promise<void> {
  const address =
    picture && active.runId && `get-artifact?path=${encodeURIComponent(picture)}&run_uuid=${active.runId}`;
  active.setTag("mlflow.note.content", runDescription(results, address || undefined));
}

function flat(prefix: string, values: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${prefix}.${key}`, value]));
}

/** MLflow sets no space between columns. */
const SPACE = " &emsp;";

const ROWS: readonly (readonly [name: string, measure: keyof BinaryMetrics])[] = [
  ["ROC AUC", "rocAuc"],
  ["PR AUC", "prAuc"],
  ["Balanced accuracy", "balancedAccuracy"],
  ["Sensitivity", "recall"],
  ["Specificity", "specificity"],
  ["Brier score", "brier"],
];

/** The model and its data, the learning curves, and a table of measures. @param picture address of the curves, if there are any */
function runDescription(results: RunResults, picture?: string): string {
  const { config, classes, history, threshold } = results;
  const best = bestEpoch(results);
  const facts = [
    escapeMarkdown(`${classes[1]} against ${classes[0]}`),
    config.architecture && escapeMarkdown(config.architecture),
    config.parameters && counted(config.parameters, "weight"),
    config.data && `data ${escapeMarkdown(config.data.split("/").at(-1) ?? "")}`,
    best !== undefined && `best epoch ${best} of ${history.length}`,
    `threshold ${threshold.value.toFixed(3)}`,
  ];
  const measured = Object.entries(measureRun(results)).reverse();
  const cell = (metrics: BinaryMetrics, measure: keyof BinaryMetrics) =>
    withInterval(metrics[measure], measure === "rocAuc" ? metrics.rocAucCi95 : undefined);
  return [
    ...(config.drawn ? ["**Trained on drawn tiles: this model has never seen real tissue.**", ""] : []),
    facts.filter(Boolean).join(" · "),
    "",
    // Near the top, because MLflow hides long text until it is opened.
    ...(picture ? [`![Learning curves](${picture})`, ""] : []),
    markdownTable(
      ["", ...measured.map(([name, { n }]) => `${name} (${n})${SPACE}`)],
      ROWS.map(([name, measure]) => [
        `${name}${SPACE}`,
        ...measured.map(([, metrics]) => `${cell(metrics, measure)}${SPACE}`),
      ]),
    ),
  ].join("\n");
}

export interface Logged {
  /** Page of the run in MLflow, if the server was reached. */
  readonly runUrl?: string;
  /** Missing if nothing is logged. */
  readonly tracking?: {
    /** `waiting`: stored in the folder `spool` until `histo mlflow sync` sends it. */
    readonly state: "sent" | "waiting";
    readonly server: string;
    readonly spool: string;
    /** Events that the server does not have yet. */
    readonly pending: number;
  };
}

/** The page of a run in MLflow 3's view for model training, for people: by itself it opens the one for language models. */
export function trainingPage(runUrl: string): string {
  return `${runUrl}?workflowType=machine_learning`;
}

/** Ends a run that has finished and returns where its log is. */
export async function endLogged(active: ActiveRun): Promise<Logged> {
  const { complete, pending, directory }: SpoolSenderReport = await active.end("FINISHED");
  const { runUrl, trackingUri: server } = active;
  const tracking = { state: complete ? "sent" : "waiting", server, spool: directory, pending } as const;
  return { ...(runUrl && { runUrl }), tracking };
}

/** The numbers in a set of measures, named `section/name`. */
export function numbers(section: string, measures: object): Record<string, number> {
  return Object.fromEntries(
    Object.entries(measures).flatMap(([key, value]) =>
      typeof value === "number" ? [[`${section}/${key}`, value]] : [],
    ),
  );
}

/** The measures of a run's best epoch, by the names of its metrics. @param folder before the names, with a slash at its end */
export function resultNumbers({ validation = {}, test = {} }: Partial<Record<keyof RunMetrics, object>>, folder = "") {
  return { ...numbers(`${folder}validation_best`, validation), ...numbers(`${folder}test`, test) };
}

/** Names that older runs logged, before names had sections, and the names used now. */
const FORMER_NAMES: readonly (readonly [former: RegExp, now: string])[] = [
  [/(^|\/)best_validation_([A-Za-z0-9]+)_(mean|std|min|max)$/, "$1validation_best/$2/$3"],
  [/(^|\/)test_([A-Za-z0-9]+)_(mean|std|min|max)$/, "$1test/$2/$3"],
  [/(^|\/)best_validation_([A-Za-z0-9]+)$/, "$1validation_best/$2"],
  [/(^|\/)(validation|train|test)_([A-Za-z0-9]+)$/, "$1$2/$3"],
  [/^(learningRate|seconds|imagesPerSecond)$/, "train/$1"],
  [/^best$/, "search/best"],
];

/** The current name of a metric that may have a former name. */
export function currentMetricName(name: string): string {
  const found = FORMER_NAMES.find(([former]) => former.test(name));
  return found ? name.replace(...found) : name;
}

/** Logs an exported model directory as a logged model. @param name without slashes, such as `model` */
export async function logOnnxModel(
  active: ActiveRun,
  directory: string,
  name: string,
  { metrics, step }: { readonly metrics: Readonly<Record<string, number>>; readonly step: number },
): Promise<void> {
  const card = await readJson<ModelCard>(join(directory, "model.json"));
  const { variant, architecture, parameters, classes, threshold, preprocessing } = card;
  await active.logModel(directory, name, {
    files: { MLmodel: mlmodel(card, name), "requirements.txt": "mlflow\nonnx\nonnxruntime\n" },
    params: { variant, architecture, parameters, classes, threshold, size: preprocessing.size },
    metrics,
    step,
  });
}

/** The text of `MLmodel`: JSON, which is valid YAML. @see https://mlflow.org/docs/latest/ml/model/#storage-format */
export function mlmodel(card: ModelCard, name: string): string {
  const { input, output, graph, preprocessing, variant } = card;
  const { size } = preprocessing;
  const image = input.layout === "NHWC" ? [size, size, 3] : [3, size, size];
  const tensor = (name: string, dtype: string, shape: readonly number[]) =>
    JSON.stringify([{ name, type: "tensor", "tensor-spec": { dtype, shape } }]);
  const content = {
    artifact_path: name,
    flavors: {
      onnx: { data: basename(graph), onnx_version: "1.16.0", providers: ["CPUExecutionProvider"], code: null },
      python_function: { loader_module: "mlflow.onnx", data: basename(graph) },
    },
    mlflow_version: "3.0.0",
    signature: {
      inputs: tensor(input.name, input.dtype, [-1, ...image]),
      outputs: tensor(output.name, "float32", [-1, output.kind.endsWith("2") ? 2 : 1]),
      params: null,
    },
    utc_time_created: new Date().toISOString().replace("T", " ").replace("Z", "000"),
    metadata: { format: card.format, classes: card.classes, threshold: card.threshold, ...(variant && { variant }) },
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}
