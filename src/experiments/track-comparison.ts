/** @module A comparison as an MLflow run: the parent of its trainings, with the table, the figures and the data set. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { messageOf } from "../errors/index";
import { readJson } from "../files/index";
import type { Progress } from "../progress/index";
import { type RunConfig, RunDirectory } from "../runs/index";
import { type ActiveRun, findSpools, syncSpools } from "../tracking/index";
import { comparisonFigures } from "./comparison-page";
import { endLogged, type Logged } from "./logged";
import type { ComparisonRow, FailedTechnique } from "./measure";
import { numbers } from "./metric-names";
import { type ParentTracking, parentOf, startParentRun } from "./parent-run";
import { logDataset, logFigures } from "./run-log";
import { logTo } from "./track-results";
import type { TrackingOptions } from "./track-training";

/** What of a comparison does not change when it goes on with more techniques. */
interface ComparisonSettings {
  readonly data: string;
  readonly size: number;
  readonly seed: number;
  readonly epochs?: number;
}

/** What came of a comparison. */
interface ComparedTechniques {
  readonly rows: readonly ComparisonRow[];
  readonly failed: readonly FailedTechnique[];
  readonly verdict: string;
}

export class ComparisonTracker {
  /** What is being added to runs of trainings while the next one trains. */
  private readonly additions: Promise<unknown>[] = [];

  private constructor(
    private readonly directory: string,
    private readonly tracking: ParentTracking,
    private readonly active: ActiveRun,
    private readonly progress: Progress,
  ) {}

  /** Begins the parent run, or goes on with the one of this directory. */
  static async start(
    directory: string,
    { data, size, seed, epochs }: ComparisonSettings,
    tracking: ParentTracking | undefined,
    progress: Progress,
  ): Promise<ComparisonTracker | undefined> {
    if (!tracking) return undefined;
    const active = await startParentRun("comparison", directory, tracking, progress);
    active.logParams({ data: resolve(data), size, seed, ...(epochs !== undefined && { epochs }) });
    return new ComparisonTracker(directory, tracking, active, progress);
  }

  /** How the training of a technique, or of one of its choices, is logged: below this run; choices without weights. */
  training(technique: string, purpose: "comparison" | "choice"): Omit<TrackingOptions, "say"> {
    const tags = { technique, purpose };
    return { ...this.tracking, parent: parentOf(this.active), tags, weights: purpose === "comparison" };
  }

  /**
   * Adds what was measured of a technique's exported model to the run of its training. A training that was not logged when
   * it was done gets a run with its parameters, results and files. Nobody waits for the server.
   */
  measured({ name, test, validation, diskBytes, latencyMs }: ComparisonRow, isNew: boolean): void {
    const run = new RunDirectory(join(this.directory, name));
    const logged = existsSync(run.spool);
    if (logged && !isNew) return;
    const { experiment, trackingUri, parent, tags = {} } = this.training(name, "comparison");
    // What there is to say of the server, the training or the comparison has said.
    const place = { experiment, trackingUri, tags, say: () => undefined, ...(parent && { parent }) };
    const addition = logTo(run, place, async (active) => {
      active.setTags({ diskBytes, latencyMs });
      if (!logged) active.logMetrics({ ...numbers("validation_best", validation), ...numbers("test", test) });
    });
    this.additions.push(addition);
  }

  /** Sends table, figures and data set and ends the run. */
  async finish({ rows, failed, verdict }: ComparedTechniques): Promise<Logged> {
    const { active, directory } = this;
    await Promise.all(this.additions);
    const [first] = rows;
    if (first) logDataset(active, await readJson<RunConfig>(new RunDirectory(join(directory, first.name)).config));
    const best = [...rows].sort((a, b) => b.validation.rocAuc - a.validation.rocAuc)[0];
    if (best) {
      active.setTags({ best: best.name, verdict });
      active.logMetrics({ ...numbers("validation_best", best.validation), ...numbers("test", best.test) });
    }
    if (failed.length > 0) active.setTags({ failed: failed.map(({ name }) => name).join(", ") });
    await active.logTable([...rows.map(tableRow), ...failed.map(failedTableRow)], "tables/comparison.json", {
      replace: true,
    });
    await logFigures(active, comparisonFigures(rows));
    for (const file of ["comparison.json", "comparison.html"]) await active.logArtifact(join(directory, file));
    const logged = await endLogged(active, "FINISHED");
    if (logged.tracking?.state === "sent") await this.sendWhatWaits();
    return logged;
  }

  async end(status: "FAILED" | "KILLED"): Promise<void> {
    await Promise.all(this.additions);
    await this.active.end(status);
  }

  /** The server is there: what trainings logged while it was away can go too. */
  private async sendWhatWaits(): Promise<void> {
    const { trackingUri } = this.tracking;
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
