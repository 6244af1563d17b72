/** @module Logs a search to its MLflow run, in which the trials are nested. */
import { join } from "node:path";
import { logFigures } from "../experiments/tracking/index";
import type { Figure } from "../plots/index";
import type { ActiveRun } from "../tracking/index";
import type { SearchSettings } from "./settings";

export async function logSettings(active: ActiveRun, settings: SearchSettings): Promise<void> {
  const { data, objective, sampler, seed, halving, space } = settings;
  active.logParams({ data, objective, sampler, seed, halving: JSON.stringify(halving) });
  await active.logDict(space, "space.json");
}

/** Logs the leaderboard of the search's directory, and figures of it. */
export async function logLeaderboard(
  active: ActiveRun,
  directory: string,
  figures: Readonly<Record<string, Figure>>,
): Promise<void> {
  for (const file of ["leaderboard.json", "leaderboard.csv"]) await active.logArtifact(join(directory, file));
  await logFigures(active, figures);
}
