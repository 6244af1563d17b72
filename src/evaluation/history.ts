/** @module Reads the epochs of a run from `history.jsonl`. */
import { readFile } from "node:fs/promises";
import { InputError } from "../errors/index";

/** One line of `history.jsonl`. */
export interface EpochLine {
  readonly epoch: number;
  readonly learningRate?: number;
  readonly seconds?: number;
  readonly train: Readonly<Record<string, unknown>>;
  readonly validation: Readonly<Record<string, unknown>>;
}

/** Reads `history.jsonl`, without a last line that a crash has truncated. @throws {InputError} `RUN_UNREADABLE` */
export async function readHistory(path: string): Promise<EpochLine[]> {
  const lines = (await readFile(path, "utf8")).split("\n").filter((line) => line.trim() !== "");
  return lines.flatMap((line, i): EpochLine[] => {
    try {
      return [JSON.parse(line) as EpochLine];
    } catch {
      if (i === lines.length - 1) return [];
      throw new InputError("RUN_UNREADABLE", `${path}, line ${i + 1} is not JSON.`);
    }
  });
}
