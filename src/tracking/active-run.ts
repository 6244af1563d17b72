/** @module A run being logged: the fluent calls that Python's users know. Everything goes to the spool first. */
import { createHash } from "node:crypto";
import { basename, extname, join } from "node:path";
import { storablePath } from "./artifact-location";
import type { Notice } from "./contact";
import type { DeliveryReport } from "./delivery";
import type { OpenDelivery } from "./delivery-host";
import { loadJson, saveJson } from "./durable-json";
import { figureHtml, type PlotlyFigure } from "./figures";
import type { Journal, JournalEvent } from "./journal";
import { countPending, type Delivered } from "./pending";
import type { SpoolDirectory } from "./spool-directory";
import { type ArtifactContent, filesBelow, takeIntoSpool } from "./spool-files";
import { appendRows, type Table, type TableInput, toTable } from "./tables";
import type { DatasetInput, RunStatus } from "./types";
import { BATCH_LIMITS, cleanKey, paramText, tagText, toWireNumber, wholeNumber } from "./values";

/** What a run stands on; made by {@link startRun}. */
export interface RunParts {
  readonly spool: SpoolDirectory;
  readonly journal: Journal;
  readonly delivery: OpenDelivery;
  readonly key: string;
  readonly experiment: string;
  /** The run was there before and is only added to: its status and end are left alone. */
  readonly amends: boolean;
  readonly trackingUri: string;
  readonly say: (line: string) => void;
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
  private readonly said = new Set<string>();
  private fileWork: Promise<void> = Promise.resolve();
  private ended: Promise<DeliveryReport> | undefined;

  constructor(private readonly parts: RunParts) {}

  /** Key of the run, made by this client; {@link startRun} of a nested run takes it from its `parent`. */
  get key(): string {
    return this.parts.key;
  }

  get experiment(): string {
    return this.parts.experiment;
  }

  /** True where this adds to a run that was there before, see `StartRunOptions.amend`. */
  get amends(): boolean {
    return this.parts.amends;
  }

  /** Id on the server, as soon as the server has made the run. */
  get runId(): string | undefined {
    return this.remote?.runId;
  }

  /** Page of the run in the server's web interface, as soon as the server has made it. */
  get runUrl(): string | undefined {
    return this.remote?.url;
  }

  logParam(key: string, value: unknown): void {
    this.logParams({ [key]: value });
  }

  /** Parameters; objects and lists are kept as JSON. A parameter cannot be changed later. */
  logParams(params: Readonly<Record<string, unknown>>): void {
    const entries = Object.entries(params).map(([key, value]) => [this.cleanKey(key), paramText(value)] as const);
    for (const part of chunks(entries, BATCH_LIMITS.params)) this.append({ type: "params", entries: part });
  }

  /** @param step whole number, such as an epoch or batch count @param timestamp milliseconds since 1970 */
  logMetric(key: string, value: number, step = 0, timestamp: number = Date.now()): void {
    this.logMetrics({ [key]: value }, step, timestamp);
  }

  /** Points of several metrics at one step. NaN and infinities are kept; anything but a number is left out. */
  logMetrics(metrics: Readonly<Record<string, number>>, step = 0, timestamp: number = Date.now()): void {
    const time = wholeNumber(timestamp, Date.now());
    const at = wholeNumber(step, 0);
    const points = [];
    for (const [key, value] of Object.entries(metrics)) {
      if (typeof value === "number") points.push([this.cleanKey(key), toWireNumber(value), time, at] as const);
      else this.warn(`metric "${key}" is not a number and is left out`);
    }
    for (const part of chunks(points, BATCH_LIMITS.metrics)) this.append({ type: "metrics", points: part });
  }

  setTag(key: string, value: unknown): void {
    this.setTags({ [key]: value });
  }

  setTags(tags: Readonly<Record<string, unknown>>): void {
    const entries = Object.entries(tags).map(([key, value]) => [this.cleanKey(key), tagText(value)] as const);
    for (const part of chunks(entries, BATCH_LIMITS.tags)) this.append({ type: "tags", entries: part });
  }

  /** Data sets that the run reads. */
  logInputs(datasets: readonly DatasetInput[]): void {
    this.append({ type: "inputs", datasets });
  }

  /** A file of this machine. @param folder below the run's artifact root */
  logArtifact(localPath: string, folder?: string): Promise<void> {
    return this.addFile(() => this.artifactPath(folder, basename(localPath)), { localPath });
  }

  /** All files of a folder, with their relative paths. @param folder below the run's artifact root */
  logArtifacts(localDirectory: string, folder?: string): Promise<void> {
    return this.doFileWork(async () => {
      for (const file of await filesBelow(localDirectory)) {
        await this.take(this.artifactPath(folder, file), { localPath: join(localDirectory, file) });
      }
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
    // The name that MLflow's web interface takes apart; it shows the second file where there is one.
    const name = `images/${key.replace(/[^\w\-. /]/g, "_").replace(/\//g, "~")}+step+${wholeNumber(step, 0)}+timestamp+${wholeNumber(timestamp, Date.now())}+${this.key.slice(0, 8)}-${Math.random().toString(36).slice(2, 10)}`;
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
    const kind = extname(artifactFile);
    const known = kind === ".html" || kind === ".json";
    const stem = known ? artifactFile.slice(0, -kind.length) : artifactFile;
    const wanted = known ? [kind] : [".html", ".json"];
    return this.attempt(() => {
      const texts = wanted.map((ending) => [ending, ending === ".html" ? figureHtml(figure) : JSON.stringify(figure)]);
      return this.doFileWork(async () => {
        for (const [ending, bytes] of texts) await this.take(this.artifactPath(stem + ending), { bytes: bytes ?? "" });
        if (options.png) await this.take(this.artifactPath(`${stem}.png`), { bytes: options.png });
      });
    });
  }

  /**
   * A table as a `.json` artifact; rows are added to what was logged under this name before.
   * @param options.replace the rows stand instead of the earlier ones
   */
  logTable(table: TableInput, artifactFile: string, options: { readonly replace?: boolean } = {}): Promise<void> {
    return this.doFileWork(async () => {
      const path = this.artifactPath(artifactFile);
      const kept = this.parts.spool.table(`${createHash("sha1").update(path).digest("hex")}.json`);
      const before = options.replace ? undefined : await loadJson<Table>(kept);
      const whole = appendRows(before, toTable(table));
      await saveJson(kept, whole);
      await this.take(path, { localPath: kept });
      await this.tagTable(path);
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
  end(status: Exclude<RunStatus, "RUNNING" | "SCHEDULED"> = "FINISHED"): Promise<DeliveryReport> {
    this.ended ??= (async () => {
      const time = Date.now();
      await this.fileWork;
      if (!this.amends) this.append({ type: "status", status, time });
      this.attempt(() => this.parts.journal.sync());
      this.attempt(() => this.parts.journal.close());
      const report = await this.whole(await this.parts.delivery.close(PATIENCE_MS, PATIENCE_WITHOUT_CONTACT_MS));
      if (!report.complete) {
        this.parts.say(
          `Tracking: ${report.pending} events of this run are not on ${this.parts.trackingUri} yet; they are kept in ${this.parts.spool.path}. Send them with: npx histo mlflow sync ${this.parts.spool.path}`,
        );
      }
      return report;
    })();
    return this.ended;
  }

  /** For the sender: what it has to tell. */
  receive(notice: Notice): void {
    const { say, trackingUri, spool } = this.parts;
    if (notice.kind === "created") this.remote = notice;
    else if (notice.kind === "recovered") say(`Tracking: ${trackingUri} answers again.`);
    else if (notice.kind === "unreachable") {
      say(
        `Tracking: ${trackingUri} cannot be used now (${notice.message}). The work goes on; its log is kept in ${spool.path}.`,
      );
    } else if (notice.kind === "stopped" && !this.ended) {
      say(
        `Tracking stopped: ${notice.message}. The work goes on; its log is kept in ${spool.path} for \`histo mlflow sync\`.`,
      );
    } else if (notice.kind === "rejected") this.warn(`the server refused an item: ${notice.message}`);
  }

  /** The report with what was logged after a delivery had stopped counted too. */
  private async whole(report: DeliveryReport): Promise<DeliveryReport> {
    if (report.complete || report.server === "") return report;
    const { spool } = this.parts;
    const state = await loadJson<Delivered & { server: string }>(spool.state);
    const delivered = state?.server === report.server ? state : { records: 0, artifacts: 0 };
    return { ...report, pending: await countPending(spool.journal, delivered) };
  }

  private async tagTable(path: string): Promise<void> {
    const kept = this.parts.spool.table("tag.json");
    const tables = (await loadJson<{ path: string; type: string }[]>(kept)) ?? [];
    if (!tables.some((table) => table.path === path)) tables.push({ path, type: "table" });
    await saveJson(kept, tables);
    this.setTag("mlflow.loggedArtifacts", JSON.stringify(tables));
  }

  private addFile(path: () => string, content: ArtifactContent | (() => ArtifactContent)): Promise<void> {
    return this.attempt(() => {
      const target = path();
      const source = typeof content === "function" ? content() : content;
      return this.doFileWork(() => this.take(target, source));
    });
  }

  private async take(path: string, content: ArtifactContent): Promise<void> {
    const file = await takeIntoSpool(this.parts.spool, content);
    this.append({ type: "artifact", path, file });
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
    const given = parts.filter(Boolean).join("/");
    if (/[#?%]/.test(given) && !given.endsWith(path)) this.warn(`artifact "${given}" is stored as "${path}"`);
    return path;
  }

  private cleanKey(key: string): string {
    const clean = cleanKey(key);
    if (clean !== key) this.warn(`"${key}" is logged as "${clean}", which MLflow accepts`);
    return clean;
  }

  /** Says something once; no more than ten different things. */
  private warn(message: string): void {
    if (this.said.has(message) || this.said.size >= 10) return;
    this.said.add(message);
    this.parts.say(`Tracking: ${message}`);
  }
}

function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
