/** @module The journal of a search: one JSON line per event, append-only and synced. It is the whole state of a search. */
import { existsSync } from "node:fs";
import { type FileHandle, mkdir, open, readFile, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import { InputError } from "../errors/index";
import type { Interval } from "../evaluation/index";
import type { Settings } from "./space";

/** The result of a trial. */
export interface TrialOutcome {
  /** The objective on the validation set, at the best epoch. */
  readonly value: number;
  /** Its 95 % interval. */
  readonly interval: Interval;
  readonly architecture: string;
  readonly parameters: number;
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly seconds: number;
  /** Stopped early because others were better after the same number of epochs. */
  readonly stoppedEarly: boolean;
}

type JournalEvent =
  | { readonly type: "started"; readonly trial: number; readonly settings: Settings }
  | {
      readonly type: "rung";
      readonly trial: number;
      readonly epoch: number;
      readonly merit: number;
      readonly stop: boolean;
    }
  | { readonly type: "finished"; readonly trial: number; readonly outcome: TrialOutcome }
  | { readonly type: "failed"; readonly trial: number; readonly reason: string }
  /** Trained again on pixels. */
  | { readonly type: "confirmed"; readonly trial: number; readonly outcome: TrialOutcome }
  | { readonly type: "unconfirmed"; readonly trial: number; readonly reason: string };

/** A trial in the journal. */
export interface TrialRecord {
  readonly trial: number;
  readonly settings: Settings;
  outcome?: TrialOutcome;
  failure?: string;
  /** The result on pixels, for a trial from the subspace that was trained again on pixels. */
  confirmation?: TrialOutcome;
  /** Why it could not be trained on pixels. */
  unconfirmed?: string;
}

export type Rung = Extract<JournalEvent, { type: "rung" }>;

/** The only writer of a search's journal. */
export class SearchJournal {
  readonly trials: TrialRecord[] = [];
  readonly rungs: Rung[] = [];
  private writing: Promise<void> = Promise.resolve();

  private constructor(private readonly handle: FileHandle) {}

  /** Opens or creates a journal and reads it. @throws {InputError} `SEARCH_JOURNAL_DAMAGED`, naming the line */
  static async open(path: string): Promise<SearchJournal> {
    await mkdir(dirname(path), { recursive: true });
    const bytes = existsSync(path) ? await readFile(path) : Buffer.alloc(0);
    const whole = bytes.subarray(0, bytes.lastIndexOf(10) + 1);
    const events = eventsOf(path, whole.toString("utf8"));
    if (whole.length < bytes.length) await truncate(path, whole.length);
    const journal = new SearchJournal(await open(path, "a"));
    for (const event of events) journal.take(event);
    return journal;
  }

  /** Adds an event; it is on disk when the promise resolves. */
  append(event: JournalEvent): Promise<void> {
    this.take(event);
    this.writing = this.writing.then(async () => {
      await this.handle.appendFile(`${JSON.stringify({ ...event, time: new Date().toISOString() })}\n`);
      await this.handle.datasync();
    });
    return this.writing;
  }

  async close(): Promise<void> {
    // A failed append has been reported by its own promise.
    await this.writing.catch(() => undefined);
    await this.handle.close();
  }

  private take(event: JournalEvent): void {
    const { trial } = event;
    const record = this.trials[trial];
    if (event.type === "started") this.trials[trial] ??= { trial, settings: event.settings };
    else if (event.type === "rung") this.rungs.push(event);
    else if (record && event.type === "finished") record.outcome ??= event.outcome;
    else if (record && event.type === "failed") record.failure ??= event.reason;
    else if (record && event.type === "confirmed") record.confirmation ??= event.outcome;
    else if (record && event.type === "unconfirmed") record.unconfirmed ??= event.reason;
  }
}

/** The events of whole lines. A trial ends after its start, and trials start in the order of their numbers. */
function eventsOf(path: string, text: string): JournalEvent[] {
  let started = 0;
  return text.split("\n").flatMap((line, i) => {
    if (line === "") return [];
    const event = eventOf(line);
    const isNext = event?.type === "started" && event.trial === started;
    if (isNext) started++;
    if (event && (event.type === "rung" || isNext || event.trial < started)) return [event];
    const problem = event ? `comes before the start of trial ${event.trial}` : "is no event";
    const remedy = "restore the file from a copy, or start again with a different --run";
    throw new InputError("SEARCH_JOURNAL_DAMAGED", `${path} is damaged: line ${i + 1} ${problem}; ${remedy}.`);
  });
}

function eventOf(line: string): JournalEvent | undefined {
  try {
    const event = JSON.parse(line) as Partial<JournalEvent> | null;
    return Number.isInteger(event?.trial) && typeof event?.type === "string" ? (event as JournalEvent) : undefined;
  } catch {
    return undefined;
  }
}
