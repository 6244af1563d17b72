/** @module Marks data sets of drawn tiles by a file next to their table. */
import { existsSync } from "node:fs";
import { join } from "node:path";

export const DRAWN_FILE = "DRAWN.txt";
export const DRAWN_TEXT = `These tiles are drawn by a program. They show no tissue of anybody, and what is learned on them says nothing about tissue.
Models trained on this folder say so as long as this file is here.
`;

/** Whether a data set's folder is marked as drawn. */
export function isDrawn(directory: string): boolean {
  return existsSync(join(directory, DRAWN_FILE));
}
