/** @module A run in progress, with the logging functions of Python's MLflow. Everything is written to the spool first. */
import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { messageOf } from "../../errors/index";
import { artifactPath, storablePath } from "../client/artifact-location";
import {
  BATCH_LIMITS,
  chunks,
  type DatasetInput,
  paramText,
  type RunStatus,
  tagText,
  toWireNumber,
  wholeNumber,
} from "../client/values";
import type { ArtifactEvent, Journal, JournalEvent, RunEvent } from "../spool/journal";
import { modelFacts, type NamedFacts } from "../spool/model-facts";
import type { Notice, Patience } from "../spool/retry-policy";
import { LOGGED_ARTIFACTS_TAG, RunTables, type TableInput } from "../spool/run-tables";
import { type ArtifactContent, filesBelow, type SpoolDirectory, takeIntoSpool } from "../spool/spool-directory";
import type { OpenSpoolSender } from "../spool/spool-sender-host";
import { completeReport, type SpoolSenderReport } from "../spool/spool-sender-report";
import { figureFiles, imageOfSeries, type PlotlyFigure } from "./figures";
import { RunMessages } from "./run-messages";
import { KeyNames, PointTimes, storableDataset } from "./storable";

interface RunParts {
  readonly spool: SpoolDirectory;
  readonly journal: Journal;
  readonly sender: OpenSpoolSender;
  readonly header: RunEvent;
  /** Adds to an existing run, whose status and end do not change. */
  readonly amends: boolean;
  readonly trackingUri: string;
  readonly say: (line: string) => void;
  readonly absence: "always" | "daily";
}

/** What is known of a model besides its files. */
interface ModelDescription extends NamedFacts {
  /** Values that were logged as metrics of the run at this step. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly files?: Readonly<Record<string, string>>;
}

/** How long {@link ActiveRun.end} waits. */
const PATIENCE: Patience = { patienceMs: 15_000, withoutContactMs: 1_000, slownessMs: 30_000 };

/**
 * A run in progress. Calls return at once (parameters, metrics, tags) or when the content is in the spool (files). None throws
 * or rejects: a warning reports what cannot be logged, and the work continues.
 */
export class ActiveRun {
  /** Key of the run, created by this client; `startRun` reads it from the `parent` of a nested run. */
  readonly key: string;
  readonly experiment: string;
  /** Id of the experiment, if it was given by its id; it has priority over {@link experiment}. */
  readonly experimentId: string | undefined;
  /** Id of the run on the server that this one continues. */
  readonly continuedRunId: string | undefined;
  /** True if this adds to an existing run, see `StartRunOptions.amend`. */
  readonly amends: boolean;
  readonly trackingUri: string;
  private remote: { runId: string; url: string } | undefined;
  private readonly messages: RunMessages;
  private readonly keyNames = new KeyNames();
  private readonly pointTimes = new PointTimes();
  private readonly tables: RunTables;
  private fileWork: Promise<void> = Promise.resolve();
  private ended: Promise<SpoolSenderReport> | undefined;

  constructor(private readonly parts: RunParts) {
    ({ amends: this.amends, trackingUri: this.trackingUri } = parts);
    ({ key: this.key, experiment: this.experiment } = parts.header);
    ({ experimentId: this.experimentId, runId: this.continuedRunId } = parts.header);
    this.messages = new RunMessages(parts.say, parts.trackingUri, parts.spool.path, parts.absence);
    this.tables = new RunTables(parts.spool, parts.header.runId !== undefined);
  }

  /** Id on the server, once the server has created the run. */
  get runId(): string | undefined {
    return this.remote?.runId;
  }

  /** Page of the run in the server's web interface, once the server has created it. */
  get runUrl(): string | undefined {
    return this.remote?.url;
  }

  logParam(key: string, value: unknown): void {
    this.logParams({ [key]: value });
  }

  /** Logs parameters; objects and lists as JSON. A parameter cannot be changed later. */
  logParams(params: object): void {
    this.logTexts("params", params, paramText);
  }

  /** @param step an integer, such as the epoch or batch @param timestamp milliseconds since 1970. Default: now */
  logMetric(key: string, value: number, step = 0, timestamp?: number): void {
    this.logMetrics({ [key]: value }, step, timestamp);
  }

  /** Logs several metrics at one step. NaN and infinities are kept; values that are not numbers are left out. */
  logMetrics<T extends { readonly [K in keyof T]: number }>(metrics: T, step = 0, timestamp?: number): void {
    this.attempt(() => {
      const at = wholeNumber(step, 0);
      const points = [];
      for (const [key, value] of Object.entries(metrics)) {
        if (typeof value === "number") {
          const name = this.keyName(key);
          points.push([name, toWireNumber(value), this.pointTimes.timeOf(name, at, timestamp), at] as const);
        } else this.warn(`metric "${key}" is not a number and is left out`);
      }
      for (const part of chunks(points, BATCH_LIMITS.metrics)) this.append({ type: "metrics", points: part });
    });
  }

  setTag(key: string, value: unknown): void {
    this.setTags({ [key]: value });
  }

  setTags(tags: object): void {
    this.logTexts("tags", tags, tagText);
  }

  /** Logs the data sets that the run reads; one without a name or a digest is left out. */
  logInputs(datasets: readonly DatasetInput[]): void {
    this.attempt(() => {
      for (const given of datasets) {
        const dataset = storableDataset(given);
        if (dataset) this.append({ type: "inputs", datasets: [dataset] });
        else this.warn("a data set without a name or a digest is left out");
      }
    });
  }

  /** Logs a local file, or a folder under its name. @param folder below the run's artifact root */
  logArtifact(localPath: string, folder?: string): Promise<void> {
    return this.doFileWork(async () => {
      const path = this.artifactPath(folder, basename(resolve(localPath)));
      if ((await stat(localPath)).isDirectory()) await this.takeFolder(localPath, path);
      else await this.take(path, { localPath });
    });
  }

  /** Logs all files of a folder, with their relative paths. @param folder below the run's artifact root */
  logArtifacts(localDirectory: string, folder?: string): Promise<void> {
    return this.doFileWork(() => this.takeFolder(localDirectory, folder));
  }

  /**
   * Logs a folder as a logged model of MLflow 3; on older servers, its files become artifacts in a folder of this name.
   * @param name without `/ : . % " '`
   * @param more additional files by name, such as MLflow's `MLmodel`, and the model's parameters, metrics and step
   */
  logModel(
    localDirectory: string,
    name: string,
    { files = {}, params, metrics, step }: ModelDescription,
  ): Promise<void> {
    return this.doFileWork(async () => {
      await this.takeFolder(localDirectory, undefined, name);
      for (const [path, bytes] of Object.entries(files)) await this.take(path, { bytes }, { model: name });
      const named = Object.fromEntries(Object.entries(metrics).map(([key, value]) => [this.keyName(key), value]));
      const facts = modelFacts({ params, metrics: named, step }, (key) => this.pointTimes.lastOf(key, step));
      this.append({ type: "model", name, facts });
    });
  }

  logText(text: string, artifactFile: string): Promise<void> {
    return this.addFile(artifactFile, () => ({ bytes: text }));
  }

  /** Logs a value as JSON (which is also YAML). */
  logDict(dictionary: unknown, artifactFile: string): Promise<void> {
    return this.addFile(artifactFile, () => ({ bytes: `${JSON.stringify(dictionary, null, 2)}\n` }));
  }

  /**
   * Logs an encoded image (bytes or path of a PNG, JPEG, ...) under its own name, or as one of a series (`key`, `step`) that
   * MLflow's web interface shows by step.
   */
  logImage(
    image: Uint8Array | string,
    target: string | { readonly key: string; readonly step?: number; readonly timestamp?: number },
  ): Promise<void> {
    const content: ArtifactContent = typeof image === "string" ? { localPath: image } : { bytes: image };
    if (typeof target === "string") return this.addFile(target, () => content);
    const { key, step, timestamp } = target;
    const name = imageOfSeries(key, wholeNumber(step, 0), wholeNumber(timestamp, Date.now()), this.key);
    this.setTag("mlflow.loggedImages", true);
    return this.doFileWork(async () => {
      await this.take(`${name}.png`, content);
      await this.take(`${name}+compressed.webp`, content);
    });
  }

  /** Logs a plotly figure, as the file of a name that ends in `.html` or `.json`, as both for any other name. */
  logFigure(figure: PlotlyFigure, artifactFile: string): Promise<void> {
    return this.attempt(() => {
      const files = figureFiles(figure, artifactFile);
      return this.doFileWork(async () => {
        for (const [name, bytes] of files) await this.take(this.artifactPath(name), { bytes });
      });
    });
  }

  /**
   * Logs a table as a `.json` artifact. Its rows are added to those that were logged under this name before, including those
   * that a continued run has on the server.
   * @param options.replace the rows replace the earlier ones
   */
  logTable(table: TableInput, artifactFile: string, options: { readonly replace?: boolean } = {}): Promise<void> {
    return this.doFileWork(async () => {
      const path = this.artifactPath(artifactFile);
      const { localPath, addsRows } = await this.tables.add(path, table, options.replace ?? false);
      await this.take(path, { localPath }, addsRows ? { addsRows } : {});
      this.setTag(LOGGED_ARTIFACTS_TAG, await this.tables.note(path));
    });
  }

  /**
   * Ends the run and waits until the server has everything. If the server does not answer, or slowly, it waits only briefly, and
   * the rest stays in the spool for `histo mlflow sync`.
   */
  end(status: Exclude<RunStatus, "RUNNING" | "SCHEDULED"> = "FINISHED"): Promise<SpoolSenderReport> {
    this.ended ??= (async () => {
      const time = Date.now();
      await this.fileWork;
      if (!this.amends) this.append({ type: "status", status, time });
      this.attempt(() => this.parts.journal.sync());
      const lost = this.parts.journal.close();
      const sent = await this.parts.sender.close(PATIENCE);
      const report = await completeReport(this.parts.spool, sent);
      if (!report.complete) this.messages.unsent(report);
      this.messages.lost(lost);
      return lost > 0 ? { ...report, complete: false, pending: report.pending + lost } : report;
    })();
    return this.ended;
  }

  failed(error: unknown): void {
    this.messages.failed(error);
  }

  receive(notice: Notice): void {
    if (notice.kind === "created") this.remote = notice;
    if (notice.kind !== "stopped" || !this.ended) this.messages.pass(notice);
  }

  private addFile(artifactFile: string, content: () => ArtifactContent): Promise<void> {
    return this.attempt(() => {
      const target = this.artifactPath(artifactFile);
      const source = content();
      return this.doFileWork(() => this.take(target, source));
    });
  }

  private async take(
    path: string,
    content: ArtifactContent,
    more: Pick<ArtifactEvent, "addsRows" | "model"> = {},
  ): Promise<void> {
    const file = await takeIntoSpool(this.parts.spool, content);
    this.append({ type: "artifact", path, file, ...more });
  }

  private async takeFolder(directory: string, folder: string | undefined, model?: string): Promise<void> {
    for (const file of await filesBelow(directory)) {
      try {
        const content = { localPath: join(directory, file) };
        await this.take(this.artifactPath(folder, file), content, model === undefined ? {} : { model });
      } catch (error) {
        this.messages.leaveOut(error);
      }
    }
  }

  /** Runs file work sequentially, in the order of the calls. */
  private doFileWork(work: () => Promise<void>): Promise<void> {
    const begun = this.fileWork.then(() => {
      this.parts.journal.mustBeOpen();
      return work();
    });
    this.fileWork = begun.catch((error: unknown) => this.messages.leaveOut(error));
    return this.fileWork;
  }

  private logTexts(type: "params" | "tags", values: object, text: (value: unknown) => string): void {
    this.attempt(() => {
      const entries: (readonly [string, string])[] = [];
      for (const [key, value] of Object.entries(values)) {
        try {
          entries.push([this.keyName(key), text(value)]);
        } catch (error) {
          this.warn(`"${key}" cannot be written as text and is left out: ${messageOf(error)}`);
        }
      }
      for (const part of chunks(entries, BATCH_LIMITS[type])) this.append({ type, entries: part });
    });
  }

  private append(event: JournalEvent): void {
    this.attempt(() => this.parts.journal.append(event));
  }

  private attempt(work: () => Promise<void> | void): Promise<void> {
    try {
      return Promise.resolve(work());
    } catch (error) {
      this.failed(error);
      return Promise.resolve();
    }
  }

  private artifactPath(...parts: readonly (string | undefined)[]): string {
    const path = storablePath(...parts);
    const given = artifactPath(...parts);
    if (path !== given) this.warn(`artifact "${given}" is stored as "${path}"`);
    return path;
  }

  private keyName(key: string): string {
    const name = this.keyNames.nameOf(key);
    if (name !== key) this.warn(`"${key}" is logged as "${name}", which MLflow accepts`);
    return name;
  }

  private warn(message: string): void {
    this.messages.warn(message);
  }
}
