/** @module The MLflow server of `histo start`: the user's own, one that is already running, or a new one. */
import { join } from "node:path";
import { hasErrorCode, messageOf } from "../errors/index";
import { projectPython, projectRoot } from "../files/index";
import { withoutPassword } from "../format/index";
import type { Progress } from "../progress/index";

export type LocalMlflow = ReturnType<typeof localMlflow>;

/** Finds or starts a server in the background: MLflow takes several seconds to start. */
export function localMlflow({ port, progress }: { port: number; progress: Progress }) {
  const started = findOrStart(port, progress).catch((error: unknown) => {
    progress.say(
      `MLflow did not start (${messageOf(error)}). The run is kept and can be sent later: histo mlflow sync`,
    );
    return undefined;
  });
  const address = async () => (await started)?.url;
  return {
    /** The server's address as soon as it answers; undefined if it cannot be started. */
    address,
    /** The same to show, without a password in it. */
    async shown() {
      const url = await address();
      return url && withoutPassword(url);
    },
    /** Stops the server if it was started here. */
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
  // If something else uses the port, any free one will do.
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
