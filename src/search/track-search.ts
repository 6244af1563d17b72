/** @module A search as an MLflow run: the parent of its trials, with the leaderboard and the figures. */
import { join } from "node:path";
import type { Monitor } from "../evaluation/index";
import type { TrackingOptions } from "../experiments/index";
import {
  endLogged,
  type Logged,
  logFigures,
  type ParentTracking,
  parentOf,
  startParentRun,
} from "../experiments/tracking/index";
import type { Progress } from "../progress/index";
import type { ActiveRun } from "../tracking/index";
import { searchFigures } from "./figures";
import type { LeaderboardRow } from "./leaderboard";
import type { SearchSettings } from "./settings";
import type { Space } from "./space";

export class SearchTracker {
  private constructor(
    private readonly directory: string,
    private readonly tracking: ParentTracking,
    private readonly active: ActiveRun,
  ) {}

  /** Starts the parent run, or continues the one of this directory. */
  static async start(
    directory: string,
    settings: SearchSettings,
    tracking: ParentTracking | undefined,
    progress: Progress,
  ): Promise<SearchTracker | undefined> {
    if (!tracking) return undefined;
    const active = await startParentRun("search", directory, tracking, progress);
    const { data, objective, sampler, seed, halving, space } = settings;
    active.logParams({ data, objective, sampler, seed, halving: JSON.stringify(halving) });
    await active.logDict(space, "space.json");
    return new SearchTracker(directory, tracking, active);
  }

  /** Tracking options of a trial or of its confirmation on pixels: nested in this run, without weights. */
  trial(trial: number, purpose: "search" | "confirmation"): TrackingOptions {
    return { ...this.tracking, parent: parentOf(this.active), weights: false, tags: { trial: String(trial), purpose } };
  }

  /** Logs the best value after each finished trial. */
  progress(rows: readonly LeaderboardRow[]): void {
    const [best] = rows;
    if (best) this.active.logMetrics({ "search/best": best.value }, rows.length);
  }

  /** Logs leaderboard and figures and ends the run. */
  async finish(rows: readonly LeaderboardRow[], space: Space, objective: Monitor): Promise<Logged> {
    for (const file of ["leaderboard.json", "leaderboard.csv"])
      await this.active.logArtifact(join(this.directory, file));
    await logFigures(this.active, searchFigures(rows, space, objective));
    return endLogged(this.active);
  }

  async end(status: "FINISHED" | "FAILED" | "KILLED"): Promise<void> {
    await this.active.end(status);
  }
}
