/** @module Reads what a model knows of its training tiles. */
import { join } from "node:path";
import { readJson } from "../files/index";
import type { ModelDirectory } from "../model-directory/index";
import type { Familiarity } from "./familiarity";

/** A model's statistics of its training tiles, if it has any. Does not check the checksum of the file. */
export async function familiarityOf({ path, card: { familiar } }: ModelDirectory): Promise<Familiarity | undefined> {
  return familiar === undefined ? undefined : readJson<Familiarity>(join(path, familiar));
}
