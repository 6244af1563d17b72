/** @module Reads the labels that people gave on the web page: one JSON object per line. */
import { readFile } from "node:fs/promises";
import { InputError, messageOf } from "../errors/index";
import type { Prediction } from "./predictions";

/** People's labels for predictions of one run's model. */
export interface Feedback {
  /** The predictions with the last label given to each image. Images of the same name have different logits. */
  readonly predictions: readonly Prediction[];
  /** Lines about models of other runs. */
  readonly otherRuns: number;
}

/**
 * Reads the file of `histo serve --feedback`.
 * @param runs names of the run: its own and its folder's
 * @param classes `[negative, positive]`
 * @throws {InputError} `FEEDBACK_UNREADABLE`, naming the line
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
