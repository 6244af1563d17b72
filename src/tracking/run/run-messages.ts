/** @module The few messages of a run for its user, each only once. */
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../errors/index";
import { cacheDirectory, sha256 } from "../../files/index";
import { counted } from "../../format/index";
import { isOfDisk, type Notice } from "../spool/retry-policy";
import type { SpoolSenderReport } from "../spool/spool-sender-report";

const WARNINGS = 10;
const DAY_MS = 24 * 3600 * 1000;

export class RunMessages {
  private readonly warnings = new Set<string>();
  private isUnwritable = false;
  /** Files that the disk did not take. */
  private leftOut = 0;
  private reportsAbsence: boolean | undefined;
  private isThere = false;
  /** The user knows why nothing is sent now. */
  private explained = false;

  constructor(
    private readonly say: (line: string) => void,
    private readonly trackingUri: string,
    private readonly directory: string,
    /** `daily`: reports a server that has never answered once a day on this machine, not in every run. */
    private readonly absence: "always" | "daily",
  ) {}

  /** Reports a problem once, and at most ten different ones. */
  warn(message: string): void {
    if (this.warnings.has(message) || this.warnings.size >= WARNINGS) return;
    this.warnings.add(message);
    this.say(`Tracking: ${message}`);
  }

  failed(error: unknown): void {
    if (isOfDisk(error, this.directory)) this.unwritable(error.message);
    else this.warn(messageOf(error));
  }

  leaveOut(error: unknown): void {
    this.failed(error);
    if (isOfDisk(error, this.directory)) this.leftOut++;
  }

  /** Reports that events did not reach the journal, and how many files were left out. */
  lost(events: number): void {
    const { directory, leftOut } = this;
    if (events + leftOut === 0) return;
    const what = [leftOut > 0 && counted(leftOut, "file"), events > 0 && counted(events, "event")];
    this.say(
      `Tracking: ${directory} did not take ${what.filter(Boolean).join(" and ")} of this run; MLflow will not get them.`,
    );
  }

  private unwritable(message: string): void {
    if (this.isUnwritable) return;
    this.isUnwritable = true;
    const [reason] = message.split(",");
    this.warn(
      `${this.directory} cannot be written now (${reason}). The work continues; files that do not fit are left out of the log, the rest waits in memory.`,
    );
  }

  pass(notice: Notice): void {
    if (notice.kind === "created") {
      this.isThere = true;
      return;
    }
    const { kind, message } = notice;
    if (kind === "unwritable") {
      this.unwritable(message);
      return;
    }
    const log = `The work continues; its log is kept in ${this.directory}`;
    this.explained = kind === "unreachable" || kind === "stopped";
    if (kind === "recovered") this.reportAbsence(`${this.trackingUri} answers again.`);
    else if (kind === "unreachable") {
      this.reportAbsence(`${this.trackingUri} cannot be used now (${message}). ${log}.`);
    } else if (kind === "stopped") this.say(`Tracking stopped: ${message}. ${log} for \`histo mlflow sync\`.`);
    else this.warn(`the server rejected an item: ${message}`);
  }

  /** Reports that a run has ended before everything was sent. */
  unsent({ pending, problem }: SpoolSenderReport): void {
    const { directory } = this;
    const reason = this.explained ? "" : ` (${problem})`;
    // The events of a journal that cannot be read cannot be counted.
    const missing = pending > 0 ? counted(pending, "event") : "a part";
    this.reportAbsence(
      `${this.trackingUri} lacks ${missing} of this run${reason}, kept in ${directory}. To send what is missing: npx histo mlflow sync ${directory}`,
    );
  }

  private reportAbsence(message: string): void {
    if (!this.isThere) this.reportsAbsence ??= this.absence === "always" || isFirstToday(`${this.trackingUri} away`);
    if (this.isThere || this.reportsAbsence) this.say(`Tracking: ${message}`);
  }
}

/** True for the first call on this machine in 24 hours, and always if the cache folder cannot be written. */
function isFirstToday(subject: string): boolean {
  const folder = join(cacheDirectory(), "said");
  const stamp = join(folder, sha256(subject).slice(0, 16));
  try {
    const age = Date.now() - (statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (age < DAY_MS) return false;
    mkdirSync(folder, { recursive: true });
    writeFileSync(stamp, `${subject}\n`);
  } catch {
    // Without a stamp, every run reports it.
  }
  return true;
}
