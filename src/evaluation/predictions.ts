/** @module A run's predictions as CSV, with votes and groups if known; and predictions that people have labelled on the web page. */

import { readFile } from "node:fs/promises";
import { quoted, readTable, type Table, type Votes } from "../dataset/labels/index";
import { InputError, messageOf } from "../errors/index";
import { csvField, parseDecimal, writeFileAtomically } from "../files/index";
import { sigmoid } from "../logits/index";
import { finiteLogits } from "./recalibration";
import { type RowGroups, rowGroups } from "./row-groups";

/** A prediction for one image. */
export interface Prediction {
  /** Name of the image within its data set. */
  readonly filename: string;
  /** 1 for the positive class. */
  readonly label: 0 | 1;
  readonly logit: number;
  /** Of the positive class, 0 to 1. */
  readonly probability: number;
  readonly votes?: Votes;
  /** Patient, slide or the like: images of a group are not independent. */
  readonly group?: string;
}

const COLUMNS = ["filename", "label", "logit", "probability"] as const;
const GROUP_COLUMN = "group";
const VOTE_COLUMNS = ["votes_positive", "votes_total"] as const;

/** Writes predictions as CSV, atomically. Reading gives exactly the same numbers. */
export async function writePredictions(path: string, predictions: readonly Prediction[]): Promise<void> {
  const withVotes = predictions.some(({ votes }) => votes !== undefined);
  const withGroups = predictions.some(({ group }) => group !== undefined);
  const rows = predictions.map(({ filename, label, logit, probability, votes, group }) => {
    const ofVotes = withVotes ? [votes?.positive ?? "", votes?.total ?? ""] : [];
    const ofGroup = withGroups ? [csvField(group ?? "")] : [];
    return [csvField(filename), label, logit, probability, ...ofVotes, ...ofGroup].join(",");
  });
  const header = [...COLUMNS, ...(withVotes ? VOTE_COLUMNS : []), ...(withGroups ? [GROUP_COLUMN] : [])].join(",");
  await writeFileAtomically(path, `${[header, ...rows].join("\n")}\n`);
}

/** Reads predictions. @throws {InputError} `TABLE_*` for the file, `PREDICTIONS_UNREADABLE` for its columns or rows (naming the lines) */
export async function readPredictions(path: string): Promise<Prediction[]> {
  const table = await readTable(path);
  const missing = COLUMNS.filter((name) => !table.columns.includes(name));
  if (missing.length > 0) {
    throw new InputError("PREDICTIONS_UNREADABLE", `${path} lacks the column ${missing.join(", ")}.`);
  }
  const problems: string[] = [];
  const seen = new Set<string>();
  const predictions = table.rows.map(({ fields, line }) => {
    const complain = (problem: string) => problems.push(`line ${line}: ${problem}`);
    const prediction = parseRow(table, fields, complain);
    if (seen.has(prediction.filename)) complain(`${quoted(prediction.filename)} occurs twice`);
    seen.add(prediction.filename);
    return prediction;
  });
  if (problems.length > 0) {
    const more = problems.length > 3 ? `; and ${problems.length - 3} more` : "";
    throw new InputError("PREDICTIONS_UNREADABLE", `${path}: ${problems.slice(0, 3).join("; ")}${more}.`);
  }
  return predictions;
}

function parseRow(table: Table, row: readonly string[], complain: (problem: string) => void): Prediction {
  const cell = (name: string) => row[table.columns.indexOf(name)] ?? "";
  const number = (name: string, low: number, high: number) => {
    const value = parseDecimal(cell(name));
    if (Number.isNaN(value) || value < low || value > high) complain(`${name} is ${quoted(cell(name))}`);
    return value;
  };
  const group = cell(GROUP_COLUMN);
  const prediction = {
    filename: cell("filename"),
    label: number("label", 0, 1) as 0 | 1,
    logit: number("logit", -Number.MAX_VALUE, Number.MAX_VALUE),
    probability: number("probability", 0, 1),
    ...(group !== "" && { group }),
  };
  if (prediction.filename === "") complain("filename is empty");
  if (prediction.label % 1 > 0) complain(`label is ${quoted(cell("label"))}`);
  if (cell("votes_total") === "") return prediction;
  const total = number("votes_total", 1, Number.MAX_SAFE_INTEGER);
  return { ...prediction, votes: { positive: number("votes_positive", 0, total), total } };
}

/** Predictions as arrays. */
export interface ScoredRows {
  readonly labels: Uint8Array;
  /** Probabilities, which decide. */
  readonly scores: Float64Array;
  /** Finite logits, which rank: from 37 on, all of them have a probability of 1. */
  readonly logits: Float64Array;
  readonly groups?: RowGroups;
}

/** Largest difference of a probability and that of its logit: a table may have rounded both. */
const ROUNDED = 1e-6;

/** Labels, probabilities, logits and groups (if any) as arrays. Logits that do not belong to the probabilities are not used. */
export function labelsAndScores(predictions: readonly Prediction[]): ScoredRows {
  const groups = rowGroups(predictions.map(({ group }) => group));
  const scores = Float64Array.from(predictions, ({ probability }) => probability);
  const belong = predictions.every(({ logit, probability }) => Math.abs(sigmoid(logit) - probability) <= ROUNDED);
  return {
    labels: Uint8Array.from(predictions, ({ label }) => label),
    scores,
    logits: belong ? Float64Array.from(predictions, ({ logit }) => logit) : finiteLogits(scores),
    ...(groups && { groups }),
  };
}

/** People's labels for predictions of one run's model. */
export interface Feedback {
  /** The predictions with the last label given to each image. Images of the same name have different logits. */
  readonly predictions: readonly Prediction[];
  /** Lines about models of other runs. */
  readonly otherRuns: number;
}

/**
 * Reads the file of `histo serve --feedback`. @param runs names of the run: its own and its folder's
 * @param classes `[negative, positive]` @throws {InputError} `FEEDBACK_UNREADABLE`, naming the line
 */
export async function readFeedback(
  path: string,
  runs: readonly string[],
  classes: readonly [string, string],
): Promise<Feedback> {
  const unreadable = (reason: string) => new InputError("FEEDBACK_UNREADABLE", `--feedback: ${path}: ${reason}.`);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw unreadable(messageOf(error));
  });
  const latest = new Map<string, Prediction>();
  let otherRuns = 0;
  for (const [i, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    let entry: Record<string, unknown>;
    try {
      entry = JSON.parse(line);
    } catch {
      throw unreadable(`line ${i + 1} is not JSON`);
    }
    if (!runs.includes(entry.run as string)) {
      otherRuns++;
      continue;
    }
    const { image_filename: filename, label, logit, probability } = entry;
    const classIndex = classes.indexOf(label as string);
    if (
      typeof filename !== "string" ||
      classIndex < 0 ||
      typeof logit !== "number" ||
      typeof probability !== "number"
    ) {
      throw unreadable(`line ${i + 1} lacks an image, a label of ${classes.join(" or ")}, or numbers`);
    }
    // Pasted images all have the same name.
    latest.set(`${logit.toFixed(3)} ${filename}`, { filename, label: classIndex as 0 | 1, logit, probability });
  }
  return { predictions: [...latest.values()], otherRuns };
}
