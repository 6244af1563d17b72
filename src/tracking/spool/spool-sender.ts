/**
 * @module Sends a spool to an MLflow server: records (metrics, parameters, tags, inputs, status) and artifacts in parallel, each
 * in order, so that a large upload does not delay the metrics. The progress is saved after every acknowledged step. After a
 * crash, items may be sent twice, but the server stores them once.
 */
import { appendFile, rm, stat } from "node:fs/promises";
import { messageOf } from "../../errors/index";
import { tryLock } from "../../files/index";
import { CHECKSUM_FILE } from "../client/artifact-client";
import { ApiError, isGone, TrackingInputError } from "../client/errors";
import type { Mlflow } from "../client/mlflow";
import type { MultipartState } from "../client/upload";
import { Batch, type BatchContent, numeric, sendBatch } from "./batch";
import {
  type ArtifactEvent,
  type JournalEntry,
  type JournalEvent,
  type RecordEvent,
  readJournal,
  readRunEvent,
  syncJournal,
} from "./journal";
import { factsInJournal } from "./model-facts";
import { deleteDuplicates, openRemoteRun, RemoteModels, type RemoteRun } from "./remote-run";
import { Alarm, type Notice, type Patience, RetryPolicy, SendingStopped, type SetAside } from "./retry-policy";
import { withEarlierTables, writeWholeTable } from "./run-tables";
import { SpoolChecksums } from "./spool-checksums";
import { loadJson, type SpoolDirectory, saveJson } from "./spool-directory";
import {
  countPending,
  loadSpoolSenderState,
  newSpoolSenderState,
  type SpoolSenderReport,
  type SpoolSenderState,
} from "./spool-sender-report";

/** An item that fails this often while others are stored is given up; parts of such an item, after fewer tries. */
const TRIES = 5;
const TRIES_OF_PARTS = 3;
/** Only tests whether the server stores anything. MLflow's web interface hides it. */
const PROBE_TAG = "mlflow.client.probe";
/** Shortest limit for a response, because a server may be busy. */
const LEAST_SILENCE_MS = 3000;
/** A sender on another machine that has not updated its lock for this long has ended. */
const SILENT_MS = 30_000;
/** Interval of reading the journal while there is nothing new. */
const IDLE_MS = 300;

export class SpoolSender {
  private readonly retries: RetryPolicy;
  private state: SpoolSenderState;
  private saved = "";
  private saving: Promise<void> = Promise.resolve();
  private remote: Promise<RemoteRun> | undefined;
  private readonly models: RemoteModels;
  /** The creation of the run has been requested before, by this process or another. */
  private mayExist: boolean;
  private readonly checksums: SpoolChecksums;
  /** Wakes waits for artifacts. */
  private readonly artifactSent = new Alarm();

  constructor(
    private readonly spool: SpoolDirectory,
    private readonly client: Mlflow,
    private readonly notify: (notice: Notice) => void,
    /** True if the server cannot have this run yet. */
    fresh = false,
  ) {
    this.mayExist = !fresh;
    this.retries = new RetryPolicy(notify, () => client.transport.interrupt());
    this.models = new RemoteModels(client, this.retries);
    this.checksums = new SpoolChecksums(spool, client);
    this.state = newSpoolSenderState(client.trackingUri);
  }

  /** There are no more events: {@link run} ends when everything is sent, or when patience ends. */
  close(patience: Patience): void {
    this.retries.close(patience);
    this.client.transport.limitSilence(Math.max(patience.patienceMs, LEAST_SILENCE_MS));
  }

  /** Ends {@link run} now; the rest stays in the spool. */
  stop(reason: string): void {
    this.retries.stop(new SendingStopped(reason));
  }

  /** Sends until it is closed and everything is sent, or until it is stopped. Never throws. */
  async run(): Promise<SpoolSenderReport> {
    let release: (() => void) | undefined;
    try {
      // Also before the lock: without it, the report still says how much is left.
      this.state = await loadSpoolSenderState(this.spool, this.client.trackingUri);
      release = await this.takeLock();
      this.state = await loadSpoolSenderState(this.spool, this.client.trackingUri);
      if (this.state.remote) await this.serverRun();
      const lanes = [this.deliverRecords(), this.deliverArtifacts()];
      for (const lane of lanes) lane.catch((error: unknown) => this.retries.stop(asStop(error)));
      await Promise.allSettled(lanes);
      this.retries.check();
      await this.publishChecksums();
      if (this.state.remote && this.state.inDoubt) await this.removeDuplicates(this.state.remote);
      return await this.report();
    } catch (error) {
      const { message } = asStop(error);
      this.notify({ kind: "stopped", message });
      return await this.report(message);
    } finally {
      release?.();
    }
  }

  /** Waits while another process sends this spool, unless this sender is closed already. */
  private async takeLock(): Promise<() => void> {
    for (;;) {
      const { release } = await tryLock(this.spool.lock, { silentMs: SILENT_MS });
      if (release) return release;
      if (this.retries.closing) throw new SendingStopped(`${this.spool.path} is being sent by another process`);
      await this.retries.alarm.wait(IDLE_MS);
      this.retries.check();
    }
  }

  private async deliverRecords(): Promise<void> {
    let batch = new Batch();
    let end = this.state.records;
    const flush = async () => {
      if (batch.size > 0) await this.sendRecords(batch);
      batch = new Batch();
      this.state.records = end;
      await this.save();
    };
    for await (const entry of this.follow(this.state.records, flush)) {
      const { event } = entry;
      if (event.type === "metrics" || event.type === "params" || event.type === "tags") {
        if (!batch.add(event, entry.end - entry.start)) {
          await flush();
          batch.add(event, entry.end - entry.start);
        }
      } else if (event.type !== "artifact") {
        await flush();
        await this.sendOther(event, entry.start);
        end = entry.end;
        await flush();
      }
      end = entry.end;
    }
  }

  private async deliverArtifacts(): Promise<void> {
    for await (const { event, end } of this.follow(this.state.artifacts, () => this.save())) {
      if (event.type === "artifact") {
        const sent = await this.sendArtifact(event);
        this.state.artifacts = end;
        await this.save();
        // A rejected file stays in the spool, because it may be the only copy.
        if (sent) await rm(this.spool.file(event.file), { force: true });
        this.artifactSent.wake();
      } else this.state.artifacts = end;
    }
  }

  /** The events from `offset` on. Waits for more until the sender is closed, and calls `pause` when there are none. */
  private async *follow(offset: number, pause: () => Promise<void>): AsyncGenerator<JournalEntry> {
    for (let synced = offset; ; ) {
      const closing = this.retries.closing;
      const { entries, end } = await readJournal(this.spool.journal, offset);
      yield* entries;
      if (end !== offset) {
        offset = end;
        continue;
      }
      await pause();
      if (synced !== offset) await this.retries.ifDiskTakes(() => syncJournal(this.spool.journal));
      synced = offset;
      if (closing) return;
      await this.retries.alarm.wait(IDLE_MS);
      this.retries.check();
    }
  }

  private async sendRecords(batch: Batch): Promise<void> {
    const { runId } = await this.serverRun();
    const send = (content: BatchContent) => {
      const { metrics, params, tags } = content;
      return this.retries.attempt(() => this.client.logBatch(runId, metrics.map(numeric), params, tags), {
        probe: () => this.probeRecords(runId),
        tries: content === whole ? TRIES : TRIES_OF_PARTS,
      });
    };
    const tags = await this.retries.attempt(() => withEarlierTables(this.client, runId, batch.tags));
    const whole: BatchContent = { metrics: batch.metrics, params: batch.params, tags };
    await sendBatch(whole, send, (content, error) => this.reject(content, error));
  }

  private async sendOther(event: Exclude<JournalEvent, RecordEvent | ArtifactEvent>, start: number): Promise<void> {
    const remote = await this.serverRun();
    const { runId } = remote;
    const probe = () => this.probeRecords(runId);
    if (event.type === "inputs") {
      await this.orReject(event, () => this.client.logInputs(runId, event.datasets), { probe, tries: TRIES });
    } else if (event.type === "model") {
      await this.artifactsBefore(start);
      const facts = factsInJournal(event.facts);
      await this.orReject(event, () => this.models.finish(remote, event.name, facts), { probe, tries: TRIES });
    } else if (event.type === "status") {
      const final = event.status !== "RUNNING" && event.status !== "SCHEDULED";
      if (final) await this.artifactsBefore(start);
      if (final) await this.publishChecksums();
      await this.retries.attempt(() => this.client.updateRun(runId, event.status, final ? event.time : undefined));
    }
  }

  private async artifactsBefore(place: number): Promise<void> {
    while (this.state.artifacts < place) {
      this.retries.check();
      await this.artifactSent.wait(20);
    }
  }

  /** False if the server has rejected it. */
  private async sendArtifact(event: ArtifactEvent): Promise<boolean> {
    const remote = await this.serverRun();
    const { runId } = remote;
    const artifacts = this.client.getArtifactClient();
    const local = this.spool.file(event.file);
    const model = event.model === undefined ? undefined : await this.models.of(remote, event.model);
    const target = event.model === undefined ? event.path : `${event.model}/${event.path}`;
    const found = await stat(local).catch(() => undefined);
    if (!found) {
      // Another sender may have sent it, for example through another name of the server.
      if (model || (await this.retries.attempt(() => artifacts.has(runId, target)))) return true;
      await this.reject(event, new Error(`${event.path} is no longer in the spool (sent to another server before?)`));
      return false;
    }
    const parts = this.spool.multipart(event.file);
    const memory = {
      load: () => loadJson<MultipartState>(parts),
      save: (state: MultipartState | undefined) => saveJson(parts, state),
    };
    const source = event.addsRows ? `${local}.whole` : local;
    const send = async () => {
      if (event.addsRows) await writeWholeTable(this.client, this.spool, runId, event.path, local, source);
      if (model) return artifacts.uploadBelow(model.artifact_uri, source, event.path, { memory });
      const { path, sha256 } = await this.client.uploadArtifact(runId, source, target, { memory });
      await this.retries.ifDiskTakes(() => this.checksums.add(path, sha256));
    };
    const aside = { probe: () => this.checksums.upload(runId), tries: TRIES };
    const sent = await this.retries.withTimeFor(found.size, () => this.orReject(event, send, aside));
    if (!sent) await memory.save(undefined);
    if (source !== local) await rm(source, { force: true });
    return sent;
  }

  private probeRecords(runId: string): Promise<void> {
    return this.client.setTag(runId, PROBE_TAG, "1");
  }

  /** Uploads the list of checksums if it has changed, merged with the list on the server. */
  private async publishChecksums(): Promise<void> {
    const count = await this.checksums.count();
    if (count === this.state.checksums) return;
    const { runId } = await this.serverRun();
    await this.orReject({ path: CHECKSUM_FILE }, () => this.checksums.upload(runId));
    this.state.checksums = count;
    await this.save();
  }

  /** False if the server has rejected the item. */
  private async orReject(item: unknown, work: () => Promise<void>, aside?: SetAside): Promise<boolean> {
    try {
      await this.retries.attempt(work, aside);
      return true;
    } catch (error) {
      if (isGone(error) || !(error instanceof ApiError || error instanceof TrackingInputError)) throw error;
      await this.reject(item, error);
      return false;
    }
  }

  private async reject(item: unknown, error: Error): Promise<void> {
    this.state.rejected++;
    const line = `${JSON.stringify({ item, reason: error.message })}\n`;
    await this.retries.onDisk(() => appendFile(this.spool.rejected, line));
    this.notify({ kind: "rejected", message: error.message });
  }

  /** The run on the server, created when first needed. */
  private serverRun(): Promise<RemoteRun> {
    this.remote ??= (async () => {
      const known = this.state.remote;
      const remote = known ?? (await this.retries.attempt(async () => this.create()));
      if (!known) {
        this.state.remote = remote;
        await this.save();
      }
      this.notify({ kind: "created", ...remote, url: this.client.runUrl(remote.experimentId, remote.runId) });
      return remote;
    })();
    return this.remote;
  }

  private async create(): Promise<RemoteRun> {
    const header = await readRunEvent(this.spool.journal);
    if (!header) throw new SendingStopped(`${this.spool.journal} does not say which run it is`);
    const { mayExist } = this;
    this.mayExist = true;
    if (mayExist) this.state.inDoubt = true;
    // Others add to a run only after it has ended, and its checksums are first published before that.
    this.checksums.alone = !mayExist && header.runId === undefined;
    return openRemoteRun(this.client, header, mayExist);
  }

  private async removeDuplicates(remote: RemoteRun): Promise<void> {
    const header = await readRunEvent(this.spool.journal);
    if (header && !header.runId) await this.retries.attempt(() => deleteDuplicates(this.client, remote, header.key));
  }

  /** Saves the state. Saves are sequential, because both kinds of events call this. */
  private save(): Promise<void> {
    this.saving = this.saving.then(() =>
      this.retries.ifDiskTakes(async () => {
        const text = JSON.stringify(this.state);
        if (text === this.saved) return;
        await saveJson(this.spool.state, this.state);
        this.saved = text;
      }),
    );
    return this.saving;
  }

  private async report(problem?: string): Promise<SpoolSenderReport> {
    const { remote, server, rejected } = this.state;
    return {
      directory: this.spool.path,
      server,
      ...(remote ? { ...remote, url: this.client.runUrl(remote.experimentId, remote.runId) } : {}),
      complete: problem === undefined,
      pending: problem === undefined ? 0 : await countPending(this.spool.journal, this.state),
      rejected,
      ...(problem === undefined ? {} : { problem }),
    };
  }
}

function asStop(error: unknown): SendingStopped {
  return error instanceof SendingStopped ? error : new SendingStopped(messageOf(error));
}
