/** @module How far a spool has been sent to a server. */
import { loadJson } from "./durable-json";
import { reliableOffsets } from "./journal";
import type { RemoteRun } from "./remote-run";
import type { SpoolDirectory } from "./spool-directory";

export interface SpoolSenderState {
  server: string;
  remote?: RemoteRun;
  /** Journal offsets up to which each kind has been delivered. */
  records: number;
  artifacts: number;
  /** Checksums that the server has. */
  checksums: number;
  rejected: number;
  /** The run may have been made more than once. */
  inDoubt?: boolean;
}

/**
 * The state that a spool keeps for this server. Where another server got it, or a journal that is shorter now (a copy cut
 * short, a disk mended), everything is sent again: the server stores it once.
 */
export async function loadSpoolSenderState(spool: SpoolDirectory, server: string): Promise<SpoolSenderState> {
  const kept = await loadJson<SpoolSenderState>(spool.state);
  if (kept?.server !== server) return newSpoolSenderState(server);
  return { ...kept, ...(await reliableOffsets(spool.journal, kept)) };
}

export function newSpoolSenderState(server: string): SpoolSenderState {
  return { server, records: 0, artifacts: 0, checksums: 0, rejected: 0 };
}
