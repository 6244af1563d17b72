/** @module How much of a spool has been sent to a server, and the report of it. */
import { type Delivered, readJournal, reliableOffsets } from "./journal";
import type { RemoteRun } from "./remote-run";
import { loadJson, type SpoolDirectory } from "./spool-directory";

export interface SpoolSenderReport {
  readonly directory: string;
  readonly server: string;
  readonly runId?: string;
  readonly experimentId?: string;
  readonly url?: string;
  /** True if the server has everything that it accepts. */
  readonly complete: boolean;
  /** Events that are not sent yet. */
  readonly pending: number;
  /** Items that the server rejected for good, see `rejected.jsonl`. */
  readonly rejected: number;
  readonly problem?: string;
}

/** The number of events after these offsets; 0 for a journal that cannot be read. */
export async function countPending(journal: string, delivered: Delivered): Promise<number> {
  let count = 0;
  try {
    const { records, artifacts } = await reliableOffsets(journal, delivered);
    for (let offset = Math.min(records, artifacts); ; ) {
      const { entries, end } = await readJournal(journal, offset);
      for (const { event, start } of entries) {
        const sent = event.type === "artifact" ? artifacts : records;
        if (start >= sent && event.type !== "run") count++;
      }
      if (end === offset) return count;
      offset = end;
    }
  } catch {
    return count;
  }
}

/** Adds the events to a report that were logged after the sender had stopped. */
export async function completeReport(spool: SpoolDirectory, report: SpoolSenderReport): Promise<SpoolSenderReport> {
  if (report.complete || report.server === "") return report;
  const state = await loadJson<Delivered & { server: string }>(spool.state);
  const delivered = state?.server === report.server ? state : { records: 0, artifacts: 0 };
  return { ...report, pending: await countPending(spool.journal, delivered) };
}

export interface SpoolSenderState {
  server: string;
  remote?: RemoteRun;
  /** Journal offsets up to which each kind has been sent. */
  records: number;
  artifacts: number;
  checksums: number;
  rejected: number;
  /** The run may have been created more than once. */
  inDoubt?: boolean;
}

/**
 * The state of a spool for this server. If the spool was sent to another server, or its journal is shorter now (an incomplete
 * copy, a repaired disk), everything is sent again; the server stores it once.
 */
export async function loadSpoolSenderState(spool: SpoolDirectory, server: string): Promise<SpoolSenderState> {
  const saved = await loadJson<SpoolSenderState>(spool.state);
  if (saved?.server !== server) return newSpoolSenderState(server);
  return { ...saved, ...(await reliableOffsets(spool.journal, saved)) };
}

export function newSpoolSenderState(server: string): SpoolSenderState {
  return { server, records: 0, artifacts: 0, checksums: 0, rejected: 0 };
}
