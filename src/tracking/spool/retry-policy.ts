/** @module Retries requests that fail temporarily, reports this once, and stops if the server refuses this client. */
import { sep } from "node:path";
import { hasErrorCode, messageOf } from "../../errors/index";
import { ApiError, failureKind } from "../client/errors";
import { pauseAfter, SilentServerError } from "../client/transport";

export type Notice =
  | { readonly kind: "created"; readonly runId: string; readonly experimentId: string; readonly url: string }
  /** The server cannot be used at the moment, or can be used again. */
  | { readonly kind: "unreachable" | "recovered"; readonly message: string }
  /** This sender sends nothing more. */
  | { readonly kind: "stopped"; readonly message: string }
  /** The spool cannot be written at the moment; told once. */
  | { readonly kind: "unwritable"; readonly message: string }
  /** The server rejected one item. */
  | { readonly kind: "rejected"; readonly message: string };

/** Sending ended before everything was delivered; the rest stays in the spool. */
export class SendingStopped extends Error {}

/** Distinguishes an item that always fails from a server that does not work at the moment. */
export interface SetAside {
  /** A request of the same kind that a working server accepts. */
  readonly probe: () => Promise<unknown>;
  /** The item is given up after this many consecutive failures of the same kind while the probe succeeds. */
  readonly tries: number;
}

/** How long the end of a run waits for a server. */
export interface Patience {
  /** For one that no longer answers. */
  readonly patienceMs: number;
  /** The same for one that has never answered. Default: the same time. */
  readonly withoutContactMs?: number;
  /** In addition to {@link ITEM_MS} and {@link BYTE_MS}, for one that answers. Default: for ever. */
  readonly slownessMs?: number;
}

/** How long an item and a byte may take at the end of a run before the server counts as slow. */
const ITEM_MS = 500;
const BYTE_MS = 1 / 1000;

/** Delay between attempts to write to the disk. */
const DISK_PAUSE_MS = 1000;

export class Alarm {
  private wakers = new Set<() => void>();

  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.wakers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      this.wakers.add(wake);
    });
  }

  wake(): void {
    for (const wake of this.wakers) wake();
  }
}

export class RetryPolicy {
  readonly alarm = new Alarm();
  /** True when there will be no more events. */
  closing = false;
  private givesUpAfterMs = Number.POSITIVE_INFINITY;
  /** Time after which a server that still answers is not waited for either. */
  private deadline = Number.POSITIVE_INFINITY;
  /** Time for the file that is being sent. */
  private fileMs = 0;
  private lastContact = 0;
  private unreachable = false;
  private reportedDisk = false;
  private stopped: SendingStopped | undefined;

  constructor(
    private readonly notify: (notice: Notice) => void,
    private readonly interrupt: () => void,
  ) {}

  /** From now on, gives up when the server does not answer, or slowly, for this long. */
  close({ patienceMs, withoutContactMs = patienceMs, slownessMs = Number.POSITIVE_INFINITY }: Patience): void {
    this.closing = true;
    this.deadline = Date.now() + slownessMs + this.fileMs;
    this.givesUpAfterMs = this.lastContact > 0 ? patienceMs : withoutContactMs;
    this.lastContact = Date.now();
    this.alarm.wake();
  }

  /** Sends a file of this length, with the time for it. */
  async withTimeFor<T>(bytes: number, send: () => Promise<T>): Promise<T> {
    this.fileMs = bytes * BYTE_MS;
    this.deadline += this.fileMs;
    try {
      return await send();
    } finally {
      this.fileMs = 0;
    }
  }

  /** Makes every attempt fail, including current ones. */
  stop(reason: SendingStopped): void {
    this.stopped ??= reason;
    this.alarm.wake();
    this.interrupt();
  }

  check(): void {
    if (this.stopped) throw this.stopped;
  }

  /**
   * Repeats `work` until it succeeds.
   * @throws {SendingStopped} if the server refuses this client, the run is deleted, or the time without contact is over
   * @throws {ApiError} if the server will never accept this request, or the item is given up, see {@link SetAside}
   */
  async attempt<T>(work: () => Promise<T>, aside?: SetAside): Promise<T> {
    let alike: { readonly status: number; readonly code: string | undefined; count: number } | undefined;
    for (let failures = 1; ; failures++) {
      this.check();
      if (Date.now() > this.deadline) throw new SendingStopped("it answers too slowly to wait for");
      try {
        const result = await work();
        this.answered();
        this.deadline += ITEM_MS;
        return result;
      } catch (error) {
        this.check();
        if (error instanceof SendingStopped) throw error;
        const kind = failureKind(error);
        const message = error instanceof Error ? error.message || error.name : String(error);
        if (kind === "invalid" && !isOfDeletedRun(message)) throw error;
        if (kind === "invalid")
          throw new SendingStopped(`${message}. Restore it there: mlflow runs restore --run-id ID`);
        if (kind === "refused") throw new SendingStopped(refusal(message, error));
        if (aside && isAnswer(error) && (await this.succeeds(aside.probe))) {
          const { statusCode: status, errorCode: code } = error;
          if (alike?.status !== status || alike.code !== code) alike = { status, code, count: 0 };
          if (++alike.count >= aside.tries) throw error;
        } else {
          alike = undefined;
          this.lost(error, message);
        }
        const silence = Date.now() - this.lastContact;
        const patienceEnds = silence > this.givesUpAfterMs || error instanceof SilentServerError;
        if (this.closing && patienceEnds) throw new SendingStopped(message);
        const pause = pauseAfter(error, failures);
        await this.alarm.wait(this.closing ? Math.min(pause, Math.max(100, this.givesUpAfterMs - silence)) : pause);
      }
    }
  }

  /**
   * Writes to the spool. Failures, such as a full disk, are retried as long as the run continues.
   * @throws errors of the file system once there are no more events
   */
  async onDisk<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      this.check();
      try {
        return await work();
      } catch (error) {
        if (this.closing) throw error;
        this.unwritable(messageOf(error));
        await this.alarm.wait(DISK_PAUSE_MS);
      }
    }
  }

  /** Writes to the spool what can be done without, because sending makes room on a full disk. */
  async ifDiskTakes(work: () => Promise<void>): Promise<void> {
    await work().catch((error: unknown) => this.unwritable(messageOf(error)));
  }

  private async succeeds(probe: () => Promise<unknown>): Promise<boolean> {
    // A server that rejects a body without reading it closes the connection, which may also fail the next request.
    for (let broken = 0; broken < 3; broken++) {
      try {
        await probe();
        this.answered();
        return true;
      } catch (error) {
        if (error instanceof ApiError) return false;
        await this.alarm.wait(100);
      }
    }
    return false;
  }

  private answered(): void {
    this.lastContact = Date.now();
    if (!this.unreachable) return;
    this.unreachable = false;
    this.notify({ kind: "recovered", message: "the server answers again" });
  }

  private lost(error: unknown, message: string): void {
    if (isOfDisk(error)) this.unwritable(message);
    else if (!this.unreachable) {
      this.unreachable = true;
      this.notify({ kind: "unreachable", message });
    }
  }

  private unwritable(message: string): void {
    if (this.reportedDisk) return;
    this.reportedDisk = true;
    this.notify({ kind: "unwritable", message });
  }
}

/** True if a file could not be written because of the disk, or because of the given directory. */
export function isOfDisk(error: unknown, directory?: string): error is Error {
  if (hasErrorCode(error, "ENOSPC", "EDQUOT", "EROFS", "EIO")) return true;
  if (directory === undefined || !(error instanceof Error) || hasErrorCode(error, "ENOENT")) return false;
  const { path, dest } = error as { path?: string; dest?: string };
  return (dest === undefined || hasErrorCode(error, "ENOTDIR")) && `${dest ?? path}${sep}`.startsWith(directory + sep);
}

/** True for a response to this request that does not ask to retry later. */
function isAnswer(error: unknown): error is ApiError {
  return error instanceof ApiError && error.statusCode !== 429 && error.retryAfterMs === undefined;
}

/** True if the run is deleted. Then the server rejects every item until the run is restored. */
function isOfDeletedRun(message: string): boolean {
  return /must be in the 'active' state/.test(message);
}

function refusal(message: string, error: unknown): string {
  const status = error instanceof ApiError ? error.statusCode : 0;
  if (status === 401) {
    return `${message}. Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN`;
  }
  if (/invalid host header/i.test(message)) return `${message}. Start the server with --allowed-hosts for its name`;
  return `${message}. These credentials may not write there`;
}
