/** @module What is said of a spool when its sending ends. */

/** How a sender ended. */
export interface SpoolSenderReport {
  readonly directory: string;
  readonly server: string;
  readonly runId?: string;
  readonly experimentId?: string;
  /** Page of the run. */
  readonly url?: string;
  /** True where the server has everything that it accepts. */
  readonly complete: boolean;
  /** Events that are still to be sent. */
  readonly pending: number;
  /** Items that the server refused for good, see `rejected.jsonl`. */
  readonly rejected: number;
  /** Why it is not complete. */
  readonly problem?: string;
}
