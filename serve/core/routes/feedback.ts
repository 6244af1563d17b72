/** @module `POST /feedback`: stores a person's label of a predicted image as a line of a file. */
import { appendFile, stat } from "node:fs/promises";
import { Problem, readJsonBody } from "../http/index";
import { Limit } from "../models/index";
import type { Handler } from "./route";

/** Largest size of the file. */
const FEEDBACK_BYTES = 10 * 2 ** 20;
const LONGEST_NAME = 512;

/** Writes one line at a time: each write checks the file's size after the ones before it. */
const turns = new Limit(1);

/** Stores `{image_filename, label, logit, probability, threshold}` with time and model. */
export const feedbackRoute: Handler = async ({ models, feedback }, { body }) => {
  if (!feedback) throw new Problem("FEEDBACK_NOT_CONFIGURED");
  const given = readJsonBody(body);
  const { name: model, sha256, card } = models.get(typeof given.model === "string" ? given.model : null);
  const { image_filename: filename, label } = given;
  if (typeof filename !== "string" || filename === "" || filename.length > LONGEST_NAME) {
    throw new Problem("FIELD_INVALID", `image_filename must be a string of at most ${LONGEST_NAME} characters.`);
  }
  if (!card.classes.includes(label as string)) {
    throw new Problem("FIELD_INVALID", `label must be ${card.classes.join(" or ")}.`);
  }
  const logit = numberOf(given, "logit");
  const [probability, threshold] = ["probability", "threshold"].map((field) => {
    const value = numberOf(given, field);
    if (value >= 0 && value <= 1) return value;
    throw new Problem("FIELD_INVALID", `${field} must be a number from 0 to 1.`);
  });
  const known = { model, model_sha256: sha256, run: card.source?.run ?? null };
  const entry = { time: new Date().toISOString(), image_filename: filename, label, ...known };
  const line = `${JSON.stringify({ ...entry, logit, probability, threshold })}\n`;
  await turns.run(async () => {
    const size = (await stat(feedback).catch(() => undefined))?.size ?? 0;
    if (size + Buffer.byteLength(line) > FEEDBACK_BYTES) throw new Problem("FEEDBACK_FULL");
    await appendFile(feedback, line);
  });
  return { status: 204, headers: {}, body: "" };
};

function numberOf(given: Readonly<Record<string, unknown>>, field: string): number {
  const value = given[field];
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new Problem("FIELD_INVALID", `${field} must be a number.`);
}
