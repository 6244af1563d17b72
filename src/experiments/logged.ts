/** @module Where a run's log is, for results that `--json` prints: on the server, or waiting on this disk. */
import type { ActiveRun, RunStatus, SpoolSenderReport } from "../tracking/index";

export interface Logged {
  /** Page of the run in MLflow, as far as the server has been reached. */
  readonly runUrl?: string;
  /** Absent where nothing is logged. */
  readonly tracking?: {
    /** `waiting`: kept in the folder `spool` until `histo mlflow sync` can send it. */
    readonly state: "sent" | "waiting";
    readonly server: string;
    readonly spool: string;
    /** Events that the server has not got yet. */
    readonly pending: number;
  };
}

/** Ends a run and says where its log is. */
export async function endLogged(
  active: ActiveRun,
  status: Exclude<RunStatus, "RUNNING" | "SCHEDULED">,
): Promise<Logged> {
  const { complete, pending, directory }: SpoolSenderReport = await active.end(status);
  const { runUrl, trackingUri: server } = active;
  const tracking = { state: complete ? "sent" : "waiting", server, spool: directory, pending } as const;
  return { ...(runUrl && { runUrl }), tracking };
}
