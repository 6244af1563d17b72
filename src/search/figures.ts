/** @module Figures of a search. */
import { type Figure, importanceFigure, parallelCoordinates, type Trial } from "../plots/index";
import type { LeaderboardRow } from "./leaderboard";
import type { Space } from "./space";

/** Parallel coordinates of the trials with a value and, with at least four, the importance of each searched option. */
export function searchFigures(
  ranked: readonly LeaderboardRow[],
  space: Space,
  { metric, mode }: { metric: string; mode: "min" | "max" },
): Record<string, Figure> {
  const rows = ranked.filter(({ value }) => Number.isFinite(value));
  if (rows.length === 0) return {};
  const searched = Object.entries(space.searched);
  const logarithmic = searched.flatMap(([key, distribution]) => ("logUniform" in distribution ? [key] : []));
  const trials = rows.map(({ settings, value }): Trial => ({ ...plain(settings), [metric]: value }));
  const figures: Record<string, Figure> = {
    "parallel-coordinates": parallelCoordinates(trials, { objective: metric, maximize: mode === "max", logarithmic }),
  };
  if (rows.length >= 4 && searched.length > 0) {
    const importances = searched.map(([key]) => ({ name: key, value: explainedShare(trials, key, metric) }));
    figures.importance = importanceFigure(
      importances,
      `Share of the variance of ${metric} that each option explains alone`,
    );
  }
  return figures;
}

function plain(settings: Readonly<Record<string, unknown>>): Trial {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      key,
      typeof value === "number" ? value : Array.isArray(value) ? value.join("-") : String(value),
    ]),
  );
}

/**
 * Share of the variance between groups with the same value of an option (eta squared), minus what as many random groups would
 * explain (omega squared). Numbers with many values are grouped by rank into up to four groups.
 */
function explainedShare(trials: readonly Trial[], key: string, metric: string): number {
  const values = trials.map((trial) => Number(trial[metric]));
  const groups = new Map<string, number[]>();
  const sorted: (string | number)[] = trials.map((trial) => trial[key] ?? "").sort((a, b) => Number(a) - Number(b));
  const many = new Set(sorted).size > 4 && sorted.every(Number.isFinite);
  trials.forEach((trial, i) => {
    const name = many ? String(Math.floor((4 * sorted.indexOf(trial[key] ?? "")) / sorted.length)) : String(trial[key]);
    groups.set(name, [...(groups.get(name) ?? []), values[i] as number]);
  });
  const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const overall = mean(values);
  const total = values.reduce((sum, value) => sum + (value - overall) ** 2, 0);
  const between = [...groups.values()].reduce((sum, list) => sum + list.length * (mean(list) - overall) ** 2, 0);
  const freedom = values.length - groups.size;
  if (total === 0 || freedom <= 0) return 0;
  const within = (total - between) / freedom;
  return Math.max(0, (between - (groups.size - 1) * within) / (total + within));
}
