/** @module The leaderboard: finished trials from best to worst, as JSON and CSV. */
import { join } from "node:path";
import type { Monitor } from "../evaluation/index";
import { csvField, writeFileAtomically, writeJson } from "../files/index";
import type { TrialOutcome, TrialRecord } from "./journal";
import { comparable, meritOf } from "./objective";
import type { Settings } from "./space";

export interface LeaderboardRow extends TrialOutcome {
  /** From 1. */
  readonly rank: number;
  readonly trial: number;
  /** Name of the run directory. */
  readonly run: string;
  readonly settings: Settings;
  /** The result of training the same network again on pixels. */
  readonly confirmed?: TrialOutcome & { readonly run: string };
}

/** Ranks the trials with a result. Of equal ones, the smaller network ranks higher. */
export function leaderboardOf(trials: readonly TrialRecord[], objective: Monitor): LeaderboardRow[] {
  return trials
    .flatMap(({ trial, settings, outcome, confirmation }) => {
      const confirmed = confirmation && { confirmed: { run: confirmationName(trial), ...confirmation } };
      return outcome ? [{ trial, run: trialName(trial), settings, ...outcome, ...confirmed }] : [];
    })
    .sort((a, b) => merit(b, objective) - merit(a, objective) || a.parameters - b.parameters || a.trial - b.trial)
    .map((row, index) => ({ rank: index + 1, ...row }));
}

function merit({ value }: TrialOutcome, objective: Monitor): number {
  return comparable(meritOf(value, objective));
}

/** Name of a trial's run directory. */
export function trialName(trial: number): string {
  return `trial-${String(trial).padStart(3, "0")}`;
}

/** Name of the run directory of a trial that is trained again on pixels. */
export function confirmationName(trial: number): string {
  return `${trialName(trial)}-pixels`;
}

/** The row whose network is best on pixels, of those that were trained again. */
export function bestOnPixels(rows: readonly LeaderboardRow[], objective: Monitor): LeaderboardRow | undefined {
  const onPixels = ({ confirmed }: LeaderboardRow) =>
    confirmed ? merit(confirmed, objective) : Number.NEGATIVE_INFINITY;
  return rows.filter(({ confirmed }) => confirmed).sort((a, b) => onPixels(b) - onPixels(a) || a.rank - b.rank)[0];
}

/** The smallest network whose interval includes the best value: choosing it loses nothing measurable. */
export function smallestAsGood(rows: readonly LeaderboardRow[]): LeaderboardRow | undefined {
  const best = rows[0];
  if (!best) return undefined;
  const reaches = ({ interval: [low, high] }: LeaderboardRow) => low <= best.value && best.value <= high;
  return rows
    .filter((row) => row === best || reaches(row))
    .sort((a, b) => a.parameters - b.parameters || a.rank - b.rank)[0];
}

/** Writes `leaderboard.json` and `leaderboard.csv` into the search's directory. */
export async function writeLeaderboard(directory: string, rows: readonly LeaderboardRow[]): Promise<void> {
  await writeJson(join(directory, "leaderboard.json"), rows);
  const keys = [...new Set(rows.flatMap(({ settings }) => Object.keys(settings)))];
  const header = [
    ...["rank", "trial", "value", "ci95_low", "ci95_high", "parameters", "architecture", "epochs", "best_epoch"],
    ...["pixels_value", "pixels_ci95_low", "pixels_ci95_high", "seconds", "stopped_early", ...keys],
  ];
  const lines = rows.map((row) =>
    [
      ...[row.rank, row.trial, row.value, ...row.interval, row.parameters, row.architecture, row.epochs, row.bestEpoch],
      ...[row.confirmed?.value, ...(row.confirmed?.interval ?? ["", ""])],
      ...[row.seconds, row.stoppedEarly, ...keys.map((key) => row.settings[key] ?? "")],
    ]
      .map(csvCell)
      .join(","),
  );
  await writeFileAtomically(join(directory, "leaderboard.csv"), `${[header.join(","), ...lines].join("\n")}\n`);
}

function csvCell(value: unknown): string {
  return csvField(Array.isArray(value) ? value.join("-") : String(value ?? ""));
}
