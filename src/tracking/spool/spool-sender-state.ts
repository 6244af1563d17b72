/** @module How much of a spool has been sent to a server. */
import { loadJson } from "./durable-json";
import { reliableOffsets } from "./journal";
import type { RemoteRun } from "./remote-run";
import type { SpoolDirectory } from "./spool-directory";

export interface SpoolSenderState {
  server: string;
  remote?: RemoteRun;
  /** Journal offsets up to which each kind has been sent. */
  records: number;
  artifacts: number;
  /** Checksums that the server has. */
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
