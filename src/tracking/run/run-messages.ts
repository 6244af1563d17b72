/** @module What a run has to say to its user: little, and each thing once. */
import type { Notice } from "../spool/retry-policy";
import type { SpoolSenderReport } from "../spool/spool-sender-report";
import { isFirstToday } from "./daily-stamp";

/** The most different warnings of a run. */
const WARNINGS = 10;

export class RunMessages {
  private readonly said = new Set<string>();
  private saysAbsence: boolean | undefined;

  constructor(
    private readonly say: (line: string) => void,
    private readonly trackingUri: string,
    /** The spool's directory. */
    private readonly directory: string,
    /** `daily`: that the server is away is said once a day, not by every run. */
    private readonly absence: "always" | "daily",
  ) {}

  /** Says something once; no more than ten different things. */
  warn(message: string): void {
    if (this.said.has(message) || this.said.size >= WARNINGS) return;
    this.said.add(message);
    this.say(`Tracking: ${message}`);
  }

  /** What the sender tells. */
  pass({ kind, ...notice }: Notice): void {
    if (!("message" in notice)) return;
    const { message } = notice;
    const kept = `The work continues; its log is kept in ${this.directory}`;
    if (kind === "recovered") this.sayOfAbsence(`${this.trackingUri} answers again.`);
    else if (kind === "unreachable") {
      this.sayOfAbsence(`${this.trackingUri} cannot be used now (${message}). ${kept}.`);
    } else if (kind === "stopped") this.say(`Tracking stopped: ${message}. ${kept} for \`histo mlflow sync\`.`);
    else this.warn(`the server rejected an item: ${message}`);
  }

  /** That a run has ended before everything was sent. */
  unsent({ pending }: SpoolSenderReport): void {
    const { directory } = this;
    this.sayOfAbsence(
      `${pending} events of this run are not on ${this.trackingUri} yet; they are kept in ${directory}. Send them with: npx histo mlflow sync ${directory}`,
    );
  }

  private sayOfAbsence(message: string): void {
    this.saysAbsence ??= this.absence === "always" || isFirstToday(`${this.trackingUri} away`);
    if (this.saysAbsence) this.say(`Tracking: ${message}`);
  }
}
