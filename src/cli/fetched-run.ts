/** @module `--run mlflow:RUN_ID`: a run that lies on the MLflow server instead of on this disk. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../errors/index";
import { projectRoot } from "../files/index";
import type { Progress } from "../progress/index";
import { RunDirectory } from "../runs/index";
import { withMlflow } from "./mlflow-options";

const PREFIX = "mlflow:";

/**
 * The run directory that an option names: a path, or `mlflow:RUN_ID`, whose files are fetched into `runs/mlflow-RUN_ID`
 * (only what is not there yet).
 * @throws {InputError} `RUN_MISSING`, or `RUN_WITHOUT_MODEL` where the run has no trained model
 */
export async function localRun(run: string, { progress, signal }: { progress: Progress; signal: AbortSignal }) {
  if (!run.startsWith(PREFIX)) return run;
  const id = run.slice(PREFIX.length);
  const directory = new RunDirectory(join(projectRoot(), "runs", `mlflow-${id}`));
  await withMlflow({}, async (client) => {
    progress.say(`Fetching run ${id} from ${client.trackingUri}`);
    // The exported model lies in model/ and is made anew from best/.
    const only = ({ path }: { path: string }) => !path.startsWith("model/") && !path.startsWith("figures/");
    await client.downloadArtifacts(id, directory.path, undefined, { signal, only }).catch((error: unknown) => {
      if ((error as { statusCode?: number }).statusCode !== 404) throw error;
      throw new InputError("RUN_MISSING", `--run: ${client.trackingUri} has no run ${id} with files.`, {
        cause: error,
      });
    });
  });
  for (const file of [directory.config, directory.topology, directory.bestWeights]) {
    if (!existsSync(file)) {
      throw new InputError(
        "RUN_WITHOUT_MODEL",
        `--run: run ${id} on the MLflow server has no trained model (${file}).`,
      );
    }
  }
  return directory.path;
}
