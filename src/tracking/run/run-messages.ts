/** @module What a run has to say to its user: little, and each thing once. */
import type { Notice } from "../spool/retry-policy";
import type { SpoolSenderReport } from "../spool/spool-sender-report";

/** The most different warnings of a run. */
const WARNINGS = 10;

export class RunMessages {
  private readonly said = new Set<string>();

  constructor(
    private readonly say: (line: string) => void,
    private readonly trackingUri: string,
    /** The spool's directory. */
    private readonly directory: string,
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
    const kept = `The work goes on; its log is kept in ${this.directory}`;
    if (kind === "recovered") this.say(`Tracking: ${this.trackingUri} answers again.`);
    else if (kind === "unreachable") {
      this.say(`Tracking: ${this.trackingUri} cannot be used now (${message}). ${kept}.`);
    } else if (kind === "stopped") this.say(`Tracking stopped: ${message}. ${kept} for \`histo mlflow sync\`.`);
    else this.warn(`the server refused an item: ${message}`);
  }

  /** That a run has ended before everything was sent. */
  unsent({ pending }: SpoolSenderReport): void {
    const { directory } = this;
    this.say(
      `Tracking: ${pending} events of this run are not on ${this.trackingUri} yet; they are kept in ${directory}. Send them with: npx histo mlflow sync ${directory}`,
    );
  }
}
