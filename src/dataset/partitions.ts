/** @module What a partition may be called in tables and folder names. */
import type { Partition } from "./types";

const NAMES: Readonly<Record<string, Partition>> = {
  train: "train",
  training: "train",
  trn: "train",
  validation: "validation",
  valid: "validation",
  val: "validation",
  dev: "validation",
  test: "test",
  testing: "test",
  tst: "test",
};

/** The partition that a word such as `Train` or `val` stands for, or undefined. */
export function partitionNamed(word: string): Partition | undefined {
  const name = word.trim().toLowerCase();
  return Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
}
