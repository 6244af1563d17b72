/** @module `histo evaluate`: computes a run's metrics from its predictions, and writes its report. */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import * as z from "zod";
import { InputError } from "../errors/index";
import type { BinaryMetrics, FoldMetrics, GroupTable, Prediction, RunResults, Subgroup } from "../evaluation/index";
import { mustBeWritable, readJson } from "../files/index";
import { counted, plainDecimal } from "../format/index";
import { option } from "../options/index";
import type { Shifts } from "../shift/index";
import { type CommandContext, defineCommand } from "./command";
import { foldsTable } from "./folds";
import { metricsText } from "./metrics";
import { trackingOptions } from "./mlflow";

const evaluateSchema = z.strictObject({
  run: option(z.string(), "run directory, or mlflow:RUN_ID for a run on the MLflow server", { value: "dir" }),
  report: option(z.union([z.string(), z.literal(true)]).optional(), "write the report", {
    value: "[file]",
    usual: "report.html in the run directory",
  }),
  thresholdRule: option(
    z.string().optional(),
    "choose the threshold by another rule: f1, balanced-accuracy, sensitivity>=R (or recall>=R) or cost=C",
    { value: "rule" },
  ),
  against: option(
    z.string().optional(),
    "another run (directory or mlflow:RUN_ID) on the same images: tests of the difference",
    { value: "dir" },
  ),
  groups: option(z.string().optional(), "CSV with an image column and the column of --by; adds metrics by group", {
    value: "file",
  }),
  by: option(z.string().optional(), "column of --groups that names the group", { value: "column" }),
  feedback: option(
    z.string().optional(),
    "labels that people gave on the page (histo serve --feedback); adds metrics by them",
    { value: "file" },
  ),
  ...trackingOptions,
});
type Options = z.output<typeof evaluateSchema>;

export const command = defineCommand({
  examples: [
    ["histo evaluate --run runs/NAME --report", "a page with figures and the worst mistakes"],
    [
      'histo evaluate --run runs/NAME --threshold-rule "sensitivity>=0.95"',
      "a threshold that finds 95 % of the positives",
    ],
    ["histo evaluate --run runs/NAME --against runs/OTHER", "is the difference of two models more than chance"],
  ],
  schema: evaluateSchema,
  async run(options, { progress, signal }) {
    const [evaluation, { localRun, namedRunId }] = await Promise.all([
      import("../evaluation/index.js"),
      import("./fetched-run.js"),
    ]);
    if (typeof options.report === "string") await mustBeWritable("--report", options.report);
    const local = (run: string) => localRun(run, "predictions", { progress, signal });
    const rule = options.thresholdRule === undefined ? undefined : evaluation.parseThresholdRule(options.thresholdRule);
    const results = await evaluation.readRun(await local(options.run), rule && { rule });
    const { threshold, validation, test } = results;
    const rows = test.length > 0 ? test : validation;
    const agreement = evaluation.resultsByAgreement(rows, threshold.value);
    const table = await groupsOf(evaluation, options, rows);
    const groups = table && evaluation.subgroupTable(rows, table.groupOf, threshold.value);
    const measured = evaluation.measureRun(results);
    const result = {
      run: results.directory.path,
      threshold: threshold.value,
      ...(threshold.rule && { thresholdRule: threshold.rule }),
      ...measured,
      ...(results.folds && overFolds(evaluation, results.folds)),
      cautions: evaluation.cautions(results, measured),
      ...(validation.length > 0 && !results.folds && temperatureOf(evaluation, validation)),
      ...(agreement.length > 0 && { agreement }),
      ...(table && groups && { groups, groupsMatched: countsOf(table) }),
      ...(existsSync(results.directory.shift) && { shift: await readJson<Shifts>(results.directory.shift) }),
      ...(options.feedback !== undefined && { feedback: await judgedByPeople(evaluation, options.feedback, results) }),
      ...(options.against && { comparison: await compare(await local(options.against), results, rows) }),
    };
    const report = options.report ? await reportOf(results, result, options, { progress, signal }) : undefined;
    if (report) progress.say(`Report: ${report}`);
    const found = { ...result, ...(report && { report }) };
    if (!options.track) return found;
    const { logEvaluation } = await import("../experiments/tracking/index.js");
    const logged = await logEvaluation(results, found, {
      experiment: options.experiment,
      rule: options.thresholdRule,
      runId: namedRunId(options.run),
      say: (line) => progress.say(line),
    });
    return { ...found, ...logged };
  },
  async render(result) {
    const { describeThresholdRule, parseThresholdRule } = await import("../evaluation/index.js");
    const { validation, test } = result;
    const columns: [string, BinaryMetrics][] = [];
    if (validation) columns.push(["validation", validation]);
    if (test) columns.push(["test", test]);
    const chosen = result.thresholdRule
      ? `chosen on validation for ${describeThresholdRule(parseThresholdRule(result.thresholdRule))}`
      : "not chosen on data";
    return [
      ...(result.folds && result.overFolds ? [foldsTable(result.folds, result.overFolds), "", TOGETHER] : []),
      await metricsText(...columns),
      "",
      ...result.cautions,
      `The threshold was ${chosen}.`,
      ...(result.agreement ?? []).map(
        ({ agreement, n, accuracy }) =>
          `Experts agreeing ${agreement}: accuracy ${plainDecimal(accuracy)} on ${counted(n, "image")}.`,
      ),
      ...(result.groups ?? []).map(
        ({ group, n, rocAuc, accuracy }) =>
          `${group}: ROC AUC ${plainDecimal(rocAuc)}, accuracy ${plainDecimal(accuracy)} on ${counted(n, "image")}.`,
      ),
      ...(result.groupsMatched ? matchedText(result.groupsMatched) : []),
      ...Object.values(result.shift ?? {}).map(({ says }) => says),
      ...(result.feedback ? [feedbackText(result.feedback)] : []),
      ...(result.comparison ? [comparisonText(result.comparison)] : []),
    ].join("\n");
  },
});

type Evaluation = typeof import("../evaluation/index.js");

const TOGETHER = "The validation images of all folds together, each by the model that was not trained on it:";

/** Writes the report, with comparison and groups if given. @returns its path */
async function reportOf(
  results: RunResults,
  { comparison, groups }: { readonly comparison?: Compared; readonly groups?: readonly Subgroup[] },
  { report, by = "group" }: Options,
  work: Pick<CommandContext, "progress" | "signal">,
): Promise<string> {
  const { writeReport } = await import("../report/index.js");
  const extras = {
    ...(comparison && { comparison: { ...comparison, name: basename(comparison.against) } }),
    ...(groups && { groups: { by, table: groups } }),
  };
  return writeReport(results, typeof report === "string" ? report : undefined, extras, work);
}

/** Metrics by the labels that people gave on the web page, at the run's threshold. */
async function judgedByPeople(
  { binaryMetrics, labelsAndScores, readFeedback }: Evaluation,
  file: string,
  { name, directory, classes, threshold }: RunResults,
) {
  const { predictions, otherRuns } = await readFeedback(file, [name, basename(directory.path)], classes);
  if (predictions.length === 0) {
    throw new InputError("FEEDBACK_EMPTY", `--feedback: ${file} has no label for answers of the run ${name}.`);
  }
  const { labels, scores, logits: rankBy } = labelsAndScores(predictions);
  return { ...binaryMetrics(labels, scores, { threshold: threshold.value, interval: false, rankBy }), otherRuns };
}

function feedbackText({
  n,
  accuracy,
  confusion: { fp, fn },
  otherRuns,
}: Awaited<ReturnType<typeof judgedByPeople>>): string {
  const left = otherRuns > 0 ? ` Of other runs: ${counted(otherRuns, "line")}.` : "";
  return (
    `People labelled ${counted(n, "answer")} on the page: accuracy ${plainDecimal(accuracy)}, ${counted(fp, "false positive")}, ` +
    `${counted(fn, "false negative")}. They chose which images to label, so this does not represent all images.${left}`
  );
}

/** The metrics of every fold's model, at its own threshold, and mean and spread over them. */
function overFolds({ spreadOf }: Evaluation, folds: readonly FoldMetrics[]) {
  const over = (partition: "validation" | "test") => spreadOf(folds.map((fold) => fold[partition] ?? {}));
  return { folds, overFolds: { validation: over("validation"), test: over("test") } };
}

/** Nothing if the rows determine no temperature. */
function temperatureOf(evaluation: Evaluation, rows: Parameters<Evaluation["labelsAndScores"]>[0]) {
  const { labels, logits } = evaluation.labelsAndScores(rows);
  const fitted = evaluation.fitTemperature(labels, logits);
  return fitted && { temperature: fitted.temperature };
}

type Compared = Awaited<ReturnType<typeof compare>>;

async function compare(against: string, results: RunResults, predictions: readonly Prediction[]) {
  const { compareModels, readRun } = await import("../evaluation/index.js");
  const other = await readRun(against);
  // DeLong's test ranks the scores of one model.
  const ofFolds = [results, other].find(({ folds }) => folds);
  if (ofFolds) {
    const message = `--against: ${ofFolds.directory.path} has a model for each fold, whose scores are not comparable; compare the run of one fold in it with another run of that fold.`;
    throw new InputError("RUN_FOLDS", message);
  }
  const rows = other.test.length > 0 ? other.test : other.validation;
  const comparison = compareModels(
    { predictions, threshold: results.threshold.value },
    { predictions: rows, threshold: other.threshold.value },
  );
  return { against: other.directory.path, ...comparison };
}

/** Reads `--groups`. */
async function groupsOf(
  { readGroups }: Evaluation,
  { groups, by }: Options,
  rows: readonly Prediction[],
): Promise<GroupTable | undefined> {
  if (groups === undefined && by === undefined) return undefined;
  if (groups === undefined || by === undefined) {
    throw new InputError("OPTIONS_TOGETHER", "--groups FILE and --by COLUMN belong together; give both.");
  }
  return readGroups(groups, by, rows);
}

function countsOf({ groupOf: _, ...counts }: GroupTable) {
  return counts;
}

function matchedText({ matched, unmatched, unusedRows }: ReturnType<typeof countsOf>): string[] {
  const lines: string[] = [];
  if (unmatched > 0)
    lines.push(`Not in the table of groups: ${unmatched} of ${counted(matched + unmatched, "image")}.`);
  if (unusedRows > 0) lines.push(`In the table of groups, ${counted(unusedRows, "row")} of other images.`);
  return lines;
}

function comparisonText({ against, n, delong, mcnemar, differences }: Compared): string {
  const signed = (value: number) => `${value >= 0 ? "+" : ""}${plainDecimal(value, 4)}`;
  const { accuracy } = differences;
  return [
    `Against ${against} on ${counted(n, "image")}:`,
    `  ROC AUC ${signed(delong.difference)} (95 % ${delong.ci95.map(signed).join(" to ")}), DeLong p ${chance(delong.p)}`,
    `  accuracy ${signed(accuracy.difference)} (95 % ${accuracy.ci95.map(signed).join(" to ")}), ` +
      `McNemar p ${chance(mcnemar.p)} (only this right ${mcnemar.onlyA}, only the other ${mcnemar.onlyB})`,
  ].join("\n");
}

function chance(p: number): string {
  return Number.isFinite(p) ? p.toPrecision(3) : "undefined";
}
