/** @module The MLflow server of the main job: the user's own, one that runs already, or one started for it. */
import { join } from "node:path";
import { hasErrorCode, messageOf } from "../errors/index";
import { projectPython, projectRoot } from "../files/index";
import type { Progress } from "../progress/index";

export interface LocalMlflow {
  /** The server's address as soon as it answers; undefined where there can be none. */
  address(): Promise<string | undefined>;
  /** Ends the server if it was started here. */
  stop(): Promise<void>;
}

/** Starts looking for, or starting, a server in the background: it takes MLflow several seconds. */
export function localMlflow({ port, progress }: { port: number; progress: Progress }): LocalMlflow {
  const started = findOrStart(port, progress).catch((error: unknown) => {
    progress.say(
      `MLflow did not start (${messageOf(error)}). The run is kept and can be sent later: histo mlflow sync`,
    );
    return undefined;
  });
  return {
    address: async () => (await started)?.url,
    stop: async () => (await started)?.stop?.(),
  };
}

async function findOrStart(port: number, progress: Progress): Promise<{ url: string; stop?: () => Promise<void> }> {
  const own = process.env.MLFLOW_TRACKING_URI;
  if (own) return { url: own };
  const usual = `http://127.0.0.1:${port}`;
  if (port > 0 && (await isMlflow(usual))) return { url: usual };
  const { startLocalServer } = await import("../tracking/index.js");
  const options = { directory: join(projectRoot(), "mlruns"), python: projectPython(), say: progress.say };
  // A port that something else holds is no reason to fail: any other will do.
  return startLocalServer({ ...options, port }).catch((error: unknown) => {
    if (hasErrorCode(error, "MLFLOW_PORT_TAKEN")) return startLocalServer({ ...options, port: 0 });
    throw error;
  });
}

async function isMlflow(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/version`, { signal: AbortSignal.timeout(1000) });
    return answer.ok && /^\d+\.\d+/.test(await answer.text());
  } catch {
    return false;
  }
}
