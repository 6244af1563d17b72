/** @module A run being logged: the fluent calls that Python's users know. Everything goes to the spool first. */
import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { messageOf } from "../../errors/index";
import { artifactPath, storablePath } from "../client/artifact-location";
import type { LoggedModelFacts } from "../client/logged-model-client";
import type { DatasetInput, RunStatus } from "../client/types";
import { BATCH_LIMITS, chunks, paramText, tagText, toWireNumber, wholeNumber } from "../client/values";
import type { ArtifactEvent, Journal, JournalEvent, RunEvent } from "../spool/journal";
import { wholeReport } from "../spool/pending";
import type { Notice } from "../spool/retry-policy";
import { LOGGED_ARTIFACTS_TAG, RunTables } from "../spool/run-tables";
import type { SpoolDirectory } from "../spool/spool-directory";
import { type ArtifactContent, filesBelow, takeIntoSpool } from "../spool/spool-files";
import type { OpenSpoolSender } from "../spool/spool-sender-host";
import type { SpoolSenderReport } from "../spool/spool-sender-report";
import type { TableInput } from "../spool/tables";
import { figureFiles, imageOfSeries, type PlotlyFigure, stemOf } from "./figures";
import { KeyNames } from "./key-names";
import { RunMessages } from "./run-messages";
import { storableDataset } from "./storable-dataset";

/** What a run stands on; made by {@link startRun}. */
interface RunParts {
  readonly spool: SpoolDirectory;
  readonly journal: Journal;
  readonly sender: OpenSpoolSender;
  /** Which run this is. */
  readonly header: RunEvent;
  /** The run was there before and is only added to: its status and end are left alone. */
  readonly amends: boolean;
  readonly trackingUri: string;
  readonly say: (line: string) => void;
  readonly absence: "always" | "daily";
}

/** How long {@link ActiveRun.end} waits for a server that has stopped answering. */
const PATIENCE_MS = 15_000;
/** The same where the server has not answered once. */
const PATIENCE_WITHOUT_CONTACT_MS = 1_000;

/**
 * A run being logged. Calls return at once (parameters, metrics, tags) or when the content is in the spool (files); none
 * throws or rejects: what cannot be logged is said once, and the work goes on.
 */
export class ActiveRun {
  private remote: { runId: string; url: string } | undefined;
  private readonly messages: RunMessages;
  private readonly keyNames = new KeyNames();
  private readonly tables: RunTables;
  private fileWork: Promise<void> = Promise.resolve();
  private ended: Promise<SpoolSenderReport> | undefined;

  constructor(private readonly parts: RunParts) {
    this.messages = new RunMessages(parts.say, parts.trackingUri, parts.spool.path, parts.absence);
    this.tables = new RunTables(parts.spool, parts.header.runId !== undefined);
  }

  /** Key of the run, made by this client; {@link startRun} of a nested run takes it from its `parent`. */
  get key(): string {
    return this.parts.header.key;
  }

  get experiment(): string {
    return this.parts.header.experiment;
  }

  /** Id of the experiment where it was given by its id, which then says more than {@link experiment}. */
  get experimentId(): string | undefined {
    return this.parts.header.experimentId;
  }

  /** Id of the run that was on the server before and goes on here. */
  get continuedRunId(): string | undefined {
    return this.parts.header.runId;
  }

  /** True where this adds to a run that was there before, see `StartRunOptions.amend`. */
  get amends(): boolean {
    return this.parts.amends;
  }

  /** Id on the server, as soon as the server has made the run. */
  get runId(): string | undefined {
    return this.remote?.runId;
  }

  get trackingUri(): string {
    return this.parts.trackingUri;
  }

  /** Page of the run in the server's web interface, as soon as the server has made it. */
  get runUrl(): string | undefined {
    return this.remote?.url;
  }

  logParam(key: string, value: unknown): void {
    this.logParams({ [key]: value });
  }

  /** Parameters; objects and lists are kept as JSON. A parameter cannot be changed later. */
  logParams(params: object): void {
    this.logTexts("params", params, paramText);
  }

  /** @param step whole number, such as an epoch or batch count @param timestamp milliseconds since 1970 */
  logMetric(key: string, value: number, step = 0, timestamp: number = Date.now()): void {
    this.logMetrics({ [key]: value }, step, timestamp);
  }

  /** Points of several metrics at one step. NaN and infinities are kept; anything but a number is left out. */
  logMetrics<T extends { readonly [K in keyof T]: number }>(
    metrics: T,
    step = 0,
    timestamp: number = Date.now(),
  ): void {
    this.attempt(() => {
      const time = wholeNumber(timestamp, Date.now());
      const at = wholeNumber(step, 0);
      const points = [];
      for (const [key, value] of Object.entries(metrics)) {
        if (typeof value === "number") points.push([this.keyName(key), toWireNumber(value), time, at] as const);
        else this.warn(`metric "${key}" is not a number and is left out`);
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

  /** Data sets that the run reads; one without a name or a digest is left out. */
  logInputs(datasets: readonly DatasetInput[]): void {
    this.attempt(() => {
      for (const given of datasets) {
        const dataset = storableDataset(given);
        if (dataset) this.append({ type: "inputs", datasets: [dataset] });
        else this.warn("a data set without a name or a digest is left out");
      }
    });
  }

  /** A file of this machine, or a folder under its own name. @param folder below the run's artifact root */
  logArtifact(localPath: string, folder?: string): Promise<void> {
    return this.doFileWork(async () => {
      const path = this.artifactPath(folder, basename(resolve(localPath)));
      if ((await stat(localPath)).isDirectory()) await this.takeFolder(localPath, path);
      else await this.take(path, { localPath });
    });
  }

  /** All files of a folder, with their relative paths. @param folder below the run's artifact root */
  logArtifacts(localDirectory: string, folder?: string): Promise<void> {
    return this.doFileWork(() => this.takeFolder(localDirectory, folder));
  }

  /**
   * A folder as a logged model of MLflow 3; on older servers its files become the run's, in a folder of this name.
   * @param name without `/ : . % " '`
   * @param more further files by name, such as MLflow's `MLmodel`, and what there is to tell of the model
   */
  logModel(
    localDirectory: string,
    name: string,
    { files = {}, ...facts }: LoggedModelFacts & { readonly files?: Readonly<Record<string, string>> },
  ): Promise<void> {
    return this.doFileWork(async () => {
      await this.takeFolder(localDirectory, undefined, name);
      for (const [path, bytes] of Object.entries(files)) await this.take(path, { bytes }, { model: name });
      this.append({ type: "model", name, facts });
    });
  }

  logText(text: string, artifactFile: string): Promise<void> {
    return this.addFile(() => this.artifactPath(artifactFile), { bytes: text });
  }

  /** A value as JSON (which YAML readers take too). */
  logDict(dictionary: unknown, artifactFile: string): Promise<void> {
    return this.addFile(
      () => this.artifactPath(artifactFile),
      () => ({ bytes: `${JSON.stringify(dictionary, null, 2)}\n` }),
    );
  }

  /**
   * An encoded image (bytes or path of a PNG, JPEG, ...) under a name of its own, or as one of a series (`key`, `step`) that
   * MLflow's web interface shows along the steps.
   */
  logImage(
    image: Uint8Array | string,
    target: string | { readonly key: string; readonly step?: number; readonly timestamp?: number },
  ): Promise<void> {
    const content: ArtifactContent = typeof image === "string" ? { localPath: image } : { bytes: image };
    if (typeof target === "string") return this.addFile(() => this.artifactPath(target), content);
    const { key, step, timestamp } = target;
    const name = imageOfSeries(key, wholeNumber(step, 0), wholeNumber(timestamp, Date.now()), this.key);
    this.setTag("mlflow.loggedImages", true);
    return this.doFileWork(async () => {
      await this.take(`${name}.png`, content);
      await this.take(`${name}+compressed.webp`, content);
    });
  }

  /**
   * A plotly figure. A name ending in `.html` or `.json` gives that file, any other name both. @param options.png the same
   * figure as an image, stored beside it
   */
  logFigure(figure: PlotlyFigure, artifactFile: string, options: { readonly png?: Uint8Array } = {}): Promise<void> {
    return this.attempt(() => {
      const files = figureFiles(figure, artifactFile);
      return this.doFileWork(async () => {
        for (const [name, bytes] of files) await this.take(this.artifactPath(name), { bytes });
        if (options.png) await this.take(this.artifactPath(`${stemOf(artifactFile)}.png`), { bytes: options.png });
      });
    });
  }

  /**
   * A table as a `.json` artifact; rows are added to what was logged under this name before, also to what a continued run
   * has on the server.
   * @param options.replace the rows stand instead of the earlier ones
   */
  logTable(table: TableInput, artifactFile: string, options: { readonly replace?: boolean } = {}): Promise<void> {
    return this.doFileWork(async () => {
      const path = this.artifactPath(artifactFile);
      const { localPath, addsRows } = await this.tables.add(path, table, options.replace ?? false);
      await this.take(path, { localPath }, addsRows ? { addsRows } : {});
      this.setTag(LOGGED_ARTIFACTS_TAG, await this.tables.note(path));
    });
  }

  /** Waits until all files logged so far are in the spool. */
  async flush(): Promise<void> {
    await this.fileWork;
  }

  /**
   * Ends the run and waits until the server has everything; where it does not answer, only for a moment: the rest stays in
   * the spool for `histo mlflow sync`.
   */
  end(status: Exclude<RunStatus, "RUNNING" | "SCHEDULED"> = "FINISHED"): Promise<SpoolSenderReport> {
    this.ended ??= (async () => {
      const time = Date.now();
      await this.fileWork;
      if (!this.amends) this.append({ type: "status", status, time });
      this.attempt(() => this.parts.journal.sync());
      this.attempt(() => this.parts.journal.close());
      const sent = await this.parts.sender.close(PATIENCE_MS, PATIENCE_WITHOUT_CONTACT_MS);
      const report = await wholeReport(this.parts.spool, sent);
      if (!report.complete) this.messages.unsent(report);
      return report;
    })();
    return this.ended;
  }

  /** For the sender: what it has to tell. */
  receive(notice: Notice): void {
    if (notice.kind === "created") this.remote = notice;
    else if (notice.kind !== "stopped" || !this.ended) this.messages.pass(notice);
  }

  private addFile(path: () => string, content: ArtifactContent | (() => ArtifactContent)): Promise<void> {
    return this.attempt(() => {
      const target = path();
      const source = typeof content === "function" ? content() : content;
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
        this.warn(messageOf(error));
      }
    }
  }

  /** File work is done one after the other, in the order of the calls. */
  private doFileWork(work: () => Promise<void>): Promise<void> {
    const begun = this.fileWork.then(() => {
      this.parts.journal.mustBeOpen();
      return work();
    });
    this.fileWork = begun.catch((error: unknown) => this.warn(messageOf(error)));
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
      this.warn(messageOf(error));
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
