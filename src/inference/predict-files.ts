/** @module Predicts image files in groups, so that only a few are in memory. */
import { readFile } from "node:fs/promises";
import { HistoError, InputError, messageOf } from "../errors/index";
import type { Prediction } from "./answers";
import type { ListedImage } from "./image-list";
import type { Predictor } from "./predictor";

/** The answer for a file, or the error. */
export interface FileAnswer {
  readonly filename: string;
  readonly answer: Prediction | HistoError;
}

const GROUP = 32;

/** Predicts files, group by group and in order. A file that cannot be read does not affect the others. */
export async function* predictFiles(
  predictor: Predictor,
  images: readonly ListedImage[],
): AsyncGenerator<FileAnswer[]> {
  for (let start = 0; start < images.length; start += GROUP) {
    const group = images.slice(start, start + GROUP);
    const contents = await Promise.all(group.map(({ path }) => readImage(path).catch((error: InputError) => error)));
    const readable = contents.filter((content): content is Buffer => !(content instanceof HistoError));
    const answers = await predictor.predictBatch(readable);
    let next = 0;
    yield group.map(({ filename }, i) => {
      const content = contents[i];
      return { filename, answer: content instanceof HistoError ? content : answers[next++]! };
    });
  }
}

/** The bytes of an image file. @throws {InputError} `IMAGE_MISSING` */
export async function readImage(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new InputError("IMAGE_MISSING", `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
