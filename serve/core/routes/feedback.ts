/** @module `POST /feedback`: stores a person's label of a predicted image as a line of a file. */
import { type FileHandle, open } from "node:fs/promises";
import { hasErrorCode, InputError, messageOf } from "../../../src/errors/index";
import { writeFully } from "../../../src/files/index";
import { Limit } from "../../../src/machine/index";
import { Problem, readJsonBody } from "../http/index";
import type { Handler } from "./context";

const FEEDBACK_BYTES = 10 * 2 ** 20;
const LONGEST_NAME = 512;

/** Writes one line at a time: each write checks the file's size after the ones before it. */
const turns = new Limit(1);

/** Stores `{image_filename, label, logit, probability, threshold}` with time and model: the one of `model_sha256`, if given. */
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
  if (typeof given.model_sha256 === "string" && given.model_sha256 !== sha256) {
    throw new Problem("FIELD_INVALID", `model_sha256 is not that of ${model}, which another version has replaced.`);
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
  await turns.run(() => appendLine(feedback, line));
  return { status: 204, headers: {}, body: "" };
};

/** @throws {InputError} `FEEDBACK_UNWRITABLE` if lines cannot be appended to the file; creates it if it is missing */
export async function checkFeedback(path: string): Promise<void> {
  try {
    await (await open(path, "a")).close();
  } catch (error) {
    throw new InputError("FEEDBACK_UNWRITABLE", `--feedback: ${path} cannot be written: ${messageOf(error)}.`);
  }
}

/** Appends a whole line or nothing. @throws {Problem} `FEEDBACK_FULL` */
async function appendLine(path: string, line: string): Promise<void> {
  // Opened for each line, so that the file can be moved away.
  const file = await open(path, "a+");
  try {
    const { size } = await file.stat();
    const bytes = Buffer.from((await endsInLine(file, size)) ? line : `\n${line}`);
    if (size + bytes.length > FEEDBACK_BYTES) throw new Problem("FEEDBACK_FULL");
    try {
      await writeFully(file, bytes);
    } catch (error) {
      await file.truncate(size).catch(() => undefined);
      if (!hasErrorCode(error, ...NO_SPACE)) throw error;
      throw new Problem("FEEDBACK_FULL", "The disk with the feedback file is full.");
    }
  } finally {
    await file.close();
  }
}

const NO_SPACE = ["ENOSPC", "EDQUOT", "EFBIG"];

/** False if the last line has no end, because a person has edited the file or the machine has stopped. */
async function endsInLine(file: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return true;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer.toString() === "\n";
}

function numberOf(given: Readonly<Record<string, unknown>>, field: string): number {
  const value = given[field];
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new Problem("FIELD_INVALID", `${field} must be a number.`);
}
