/** @module Logs a comparison as an MLflow run: the parent of its trainings, with the table, the figures and the data set. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { messageOf } from "../errors/index";
import { readJson } from "../files/index";
import type { Progress } from "../progress/index";
import { type RunConfig, RunDirectory } from "../runs/index";
import { findSpools, syncSpools } from "../tracking/index";
import { comparisonFigures } from "./comparison-page";
import { bestOnValidation, type ComparedTechniques, type ComparisonRow, type FailedTechnique } from "./measure";
import { ParentRun, type ParentTracking } from "./parent-run";
import { type Logged, logDataset, logFigures, resultNumbers } from "./run-log";
import { logTo } from "./track-results";

export class ComparisonTracker {
  /** Additions to runs of finished trainings, which are sent while the next one trains. */
  private readonly additions: Promise<unknown>[] = [];

  private constructor(
    private readonly directory: string,
    private readonly parent: ParentRun,
    private readonly progress: Progress,
  ) {}

  /** Starts the parent run, or continues the one of this directory. */
  static async start(
    directory: string,
    { data, size, seed, epochs }: { data: string; size: number; seed: number; epochs?: number },
    tracking: ParentTracking | undefined,
    progress: Progress,
  ): Promise<ComparisonTracker | undefined> {
    const parent = await ParentRun.start("comparison", directory, tracking, progress);
    parent?.active.logParams({ data: resolve(data), size, seed, ...(epochs !== undefined && { epochs }) });
    return parent && new ComparisonTracker(directory, parent, progress);
  }

  /** Options for logging a training of a technique or of a choice: nested in this run, and without weights for a choice. */
  training(technique: string, purpose: "comparison" | "choice") {
    return this.parent.nested({ technique, purpose }, purpose === "comparison");
  }

  /**
   * Adds the measurements of a technique's exported model to the run of its training. If the training was not logged at the
   * time, creates a run with its parameters, results and files. Does not wait for the server.
   */
  measured(row: ComparisonRow, isNew: boolean): void {
    const { name, diskBytes, latencyMs } = row;
    const run = new RunDirectory(join(this.directory, name));
    const logged = existsSync(run.spool);
    if (logged && !isNew) return;
    const { experiment, trackingUri, parent, tags = {} } = this.training(name, "comparison");
    // Silent, because the training or the comparison has already reported the state of the server.
    const place = { experiment, trackingUri, tags, say: () => undefined, ...(parent && { parent }) };
    const addition = logTo(run, place, async (active) => {
      active.setTags({ diskBytes, latencyMs });
      if (!logged) active.logMetrics(resultNumbers(row));
    });
    this.additions.push(addition);
  }

  /** Sends the table, the figures and the data set, and ends the run. */
  async finish({ rows, failed, verdict }: ComparedTechniques): Promise<Logged> {
    const { directory } = this;
    const { active } = this.parent;
    await Promise.all(this.additions);
    const [first] = rows;
    if (first) logDataset(active, await readJson<RunConfig>(new RunDirectory(join(directory, first.name)).config));
    const best = bestOnValidation(rows);
    if (best) {
      active.setTags({ best: best.name, verdict });
      active.logMetrics(resultNumbers(best));
    }
    if (failed.length > 0) active.setTags({ failed: failed.map(({ name }) => name).join(", ") });
    await active.logTable([...rows.map(tableRow), ...failed.map(failedTableRow)], "tables/comparison.json", {
      replace: true,
    });
    await logFigures(active, comparisonFigures(rows));
    for (const file of ["comparison.json", "comparison.html"]) await active.logArtifact(join(directory, file));
    const logged = await this.parent.finish();
    if (logged.tracking?.state === "sent") await this.sendWaitingLogs();
    return logged;
  }

  async fail(error: unknown): Promise<void> {
    await Promise.all(this.additions);
    await this.parent.fail(error);
  }

  /** Sends what trainings logged while the server could not be reached. */
  private async sendWaitingLogs(): Promise<void> {
    const { trackingUri } = this.parent.tracking;
    try {
      await syncSpools(await findSpools(this.directory), trackingUri === undefined ? {} : { trackingUri });
    } catch (error) {
      this.progress.say(`Warning: not all of the trainings' logs were sent (${messageOf(error)}).`);
    }
  }
}

function failedTableRow({ name, title, size, reason }: FailedTechnique) {
  return { name, title, note: `failed: ${reason}`, size };
}

function tableRow({ name, title, note = "", test, testCi95, validation, ...row }: ComparisonRow) {
  const { size, parameters, diskBytes, trainingMemoryBytes, secondsPerEpoch, trainingSeconds, latencyMs } = row;
  const [low, high] = test.rocAucCi95 ?? testCi95.rocAuc;
  return {
    ...{ name, title, note, validation_rocAuc: validation.rocAuc, test_rocAuc: test.rocAuc },
    ...{ test_rocAuc_low: low, test_rocAuc_high: high, beyond_baseline: row.beyondBaseline?.difference ?? null },
    ...{ test_balancedAccuracy: test.balancedAccuracy, test_recall: test.recall, test_specificity: test.specificity },
    ...{ size, parameters, diskBytes, trainingMemoryBytes, secondsPerEpoch, trainingSeconds, latencyMs },
  };
}
