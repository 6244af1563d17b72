/**
 * @module The journal of a run: one line per logged item, in order, written before the logging call returns. It survives a
 * killed process; the sender makes it durable against power loss within a second.
 */
import { closeSync, fdatasyncSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from "node:fs";
import { open } from "node:fs/promises";
import { TrackingInputError } from "../client/errors";
import type { LoggedModelFacts } from "../client/logged-model-client";
import type { DatasetInput, RunStatus, Tag, WireNumber } from "../client/values";
import type { NamedFacts } from "./model-facts";
import type { SpoolDirectory } from "./spool-directory";

/** The first line, which identifies the run. */
export interface RunEvent {
  readonly type: "run";
  /** Created by the client; a tag of the run on the server, so that it is created only once. */
  readonly key: string;
  readonly experiment: string;
  /** Id of the experiment, if it was given by its id; it has priority over the name. */
  readonly experimentId?: string;
  readonly name?: string;
  readonly startTime: number;
  readonly tags: readonly Tag[];
  /** An existing run that is continued. */
  readonly runId?: string;
  readonly parentRunId?: string;
  /** Key of a parent run that may not be on the server yet, and its experiment. */
  readonly parentKey?: string;
  readonly parentExperiment?: string;
  readonly parentExperimentId?: string;
}

/** An artifact whose content is in the spool. */
export interface ArtifactEvent {
  readonly type: "artifact";
  /** Below the run's artifact root. */
  readonly path: string;
  /** Name in the spool's `files/`. */
  readonly file: string;
  /** The logged model that the file belongs to; `path` is then below the root of the model. */
  readonly model?: string;
  /** A table whose rows are added to those that the server had before this spool sent any. */
  readonly addsRows?: boolean;
}

/** All files of a logged model are in the journal. */
export interface ModelEvent {
  readonly type: "model";
  readonly name: string;
  readonly facts: LoggedModelFacts | NamedFacts;
}

/** Events that are sent in batches. */
export type RecordEvent =
  | {
      readonly type: "metrics";
      /** Key, value, timestamp, step. */
      readonly points: readonly (readonly [string, WireNumber, number, number])[];
    }
  | { readonly type: "params"; readonly entries: readonly (readonly [string, string])[] }
  | { readonly type: "tags"; readonly entries: readonly (readonly [string, string])[] };

export type JournalEvent =
  | RunEvent
  | ArtifactEvent
  | ModelEvent
  | RecordEvent
  | { readonly type: "inputs"; readonly datasets: readonly DatasetInput[] }
  | { readonly type: "status"; readonly status: RunStatus; readonly time: number };

/** Most bytes of lines that wait in memory. */
const WAITING_BYTES = 16 << 20;

/** The journal open for appending. What the disk does not take waits in memory until it does. */
export class Journal {
  /** Undefined once the journal is closed, because the system reuses the number for the next open file. */
  private descriptor: number | undefined;
  /** Size of the file after the last line that this writer wrote. */
  private end = 0;
  private closed = false;
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  private lost = 0;

  constructor(private readonly spool: SpoolDirectory) {
    try {
      this.open();
    } catch {
      // The first event tries again, and reports why.
    }
  }

  /** @throws {TrackingInputError} `RUN_ENDED` if the journal is closed */
  mustBeOpen(): void {
    if (!this.closed) return;
    const message =
      "the run has ended, and data logged after end() is left out; start it again with startRun in the same spoolDirectory to add to it (amend: true keeps its status and its end)";
    throw new TrackingInputError("RUN_ENDED", message);
  }

  /**
   * Writes one event in a few microseconds.
   * @throws {TrackingInputError} `RUN_ENDED`; and errors of the file system, after which the event waits
   */
  append(event: JournalEvent): void {
    this.mustBeOpen();
    const line = Buffer.from(`${JSON.stringify(event)}\n`, "utf8");
    this.waiting.push(line);
    this.waitingBytes += line.length;
    this.write();
  }

  sync(): void {
    this.mustBeOpen();
    fdatasyncSync(this.write());
  }

  /** @returns the number of events that could not be written */
  close(): number {
    if (this.closed) return 0;
    try {
      this.write();
    } catch {
      // Counted below.
    }
    this.closed = true;
    try {
      if (this.descriptor !== undefined) closeSync(this.descriptor);
    } catch {
      // sync() is what makes sure of the disk.
    }
    this.descriptor = undefined;
    return this.lost + this.waiting.length;
  }

  private open(): number {
    mkdirSync(this.spool.files, { recursive: true });
    this.descriptor = openSync(this.spool.journal, "a+");
    return this.descriptor;
  }

  /** Writes what waits. @throws errors of the file system */
  private write(): number {
    try {
      const descriptor = this.descriptor ?? this.open();
      for (let line = this.waiting[0]; line; line = this.waiting[0]) {
        const { size } = fstatSync(descriptor);
        const whole = size !== this.end && isTorn(descriptor, size) ? Buffer.concat([Buffer.from("\n"), line]) : line;
        for (let done = 0; done < whole.length; ) done += writeSync(descriptor, whole, done);
        this.end = size + whole.length;
        this.forget(line);
      }
      return descriptor;
    } catch (error) {
      for (let line = this.waiting[0]; line && this.waitingBytes > WAITING_BYTES; line = this.waiting[0]) {
        this.forget(line);
        this.lost++;
      }
      throw error;
    }
  }

  private forget(line: Buffer): void {
    this.waiting.shift();
    this.waitingBytes -= line.length;
  }
}

/**
 * True if the last line is incomplete: a crash or a full disk has cut it off. Looked up whenever the file has another size than
 * this writer left, because the samples of the machine's load have a writer of their own.
 */
function isTorn(descriptor: number, size: number): boolean {
  const last = Buffer.alloc(1);
  return size > 0 && readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
}

export interface JournalEntry {
  readonly event: JournalEvent;
  readonly start: number;
  readonly end: number;
}

/** Journal offsets up to which records and artifacts have been delivered. */
export interface Delivered {
  readonly records: number;
  readonly artifacts: number;
}

const READ_BYTES = 1 << 20;

/**
 * The complete lines from `offset` on, at most about 1 MB, without a line that is still being written. Skips lines that a crash
 * left incomplete. If the journal is shorter than `offset`, it was truncated, and `end` is its start.
 */
export async function readJournal(path: string, offset: number): Promise<{ entries: JournalEntry[]; end: number }> {
  const handle = await open(path, "r");
  try {
    const size = (await handle.stat()).size;
    if (size < offset) return { entries: [], end: 0 };
    for (let length = READ_BYTES; ; length *= 4) {
      const bytes = Buffer.alloc(Math.min(length, size - offset));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, offset);
      const whole = bytes.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
      if (whole === 0 && bytesRead === length) continue;
      return { entries: parseLines(bytes.subarray(0, whole), offset), end: offset + whole };
    }
  } finally {
    await handle.close();
  }
}

function parseLines(bytes: Buffer, offset: number): JournalEntry[] {
  const entries: JournalEntry[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(0x0a, start) + 1;
    try {
      const event = JSON.parse(bytes.toString("utf8", start, end)) as JournalEvent;
      entries.push({ event, start: offset + start, end: offset + end });
    } catch {
      // A crash interrupted the call that wrote this line.
    }
    start = end;
  }
  return entries;
}

/** The given offsets, if lines of the journal end there; the start for a journal that was truncated since. */
export async function reliableOffsets(path: string, { records, artifacts }: Delivered): Promise<Delivered> {
  const handle = await open(path, "r");
  try {
    for (const offset of [records, artifacts]) {
      const last = Buffer.alloc(1);
      if (offset > 0) await handle.read(last, 0, 1, offset - 1);
      if (offset > 0 && last[0] !== 0x0a) return { records: 0, artifacts: 0 };
    }
    return { records, artifacts };
  } finally {
    await handle.close();
  }
}

/** The first event of a journal; undefined if there is none yet. */
export async function readRunEvent(path: string): Promise<RunEvent | undefined> {
  const { entries } = await readJournal(path, 0).catch(() => ({ entries: [] as JournalEntry[] }));
  const found = entries.find(({ event }) => event.type === "run")?.event;
  return found?.type === "run" ? found : undefined;
}

/** The last status in a journal: `RUNNING` if there is none yet; undefined if nothing was logged. */
export async function lastStatus(path: string): Promise<RunStatus | undefined> {
  let status: RunStatus | undefined;
  for (let offset = 0; ; ) {
    const { entries, end } = await readJournal(path, offset).catch(() => ({ entries: [], end: offset }));
    for (const { event } of entries) {
      if (event.type === "run") status ??= "RUNNING";
      else if (event.type === "status") status = event.status;
    }
    if (end === offset) return status;
    offset = end;
  }
}

/** Makes a journal durable against power loss. */
export async function syncJournal(path: string): Promise<void> {
  const handle = await open(path, "r+");
  await handle.datasync().finally(() => handle.close());
}
