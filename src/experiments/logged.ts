/** @module Where the log of a run is, for results that `--json` prints: on the server, or waiting on this disk. */
import type { ActiveRun, SpoolSenderReport } from "../tracking/index";

export interface Logged {
  /** Page of the run in MLflow, if the server was reached. */
  readonly runUrl?: string;
  /** Missing if nothing is logged. */
  readonly tracking?: {
    /** `waiting`: stored in the folder `spool` until `histo mlflow sync` sends it. */
    readonly state: "sent" | "waiting";
    readonly server: string;
    readonly spool: string;
    /** Events that the server does not have yet. */
    readonly pending: number;
  };
}

/** The page of a run in MLflow 3's view for model training, for people: by itself it opens the one for language models. */
export function trainingPage(runUrl: string): string {
  return `${runUrl}?workflowType=machine_learning`;
}

/** Ends a run that has finished and returns where its log is. */
export async function endLogged(active: ActiveRun): Promise<Logged> {
  const { complete, pending, directory }: SpoolSenderReport = await active.end("FINISHED");
  const { runUrl, trackingUri: server } = active;
  const tracking = { state: complete ? "sent" : "waiting", server, spool: directory, pending } as const;
  return { ...(runUrl && { runUrl }), tracking };
}
