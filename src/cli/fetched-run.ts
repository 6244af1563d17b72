/** @module `--run mlflow:RUN_ID`: a run that lies on the MLflow server instead of on this disk. */
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { InputError } from "../errors/index";
import { projectRoot } from "../files/index";
import type { Progress } from "../progress/index";
import { RunDirectory } from "../runs/index";
import { withMlflow } from "./mlflow-options";

const PREFIX = "mlflow:";

/** What of a run a command reads: nothing else is fetched, for the weights may be gigabytes. */
type Purpose = "model" | "predictions";

interface Wanted {
  /** Artifact paths that a run of this kind must have; one of each list. */
  readonly needed: (run: RunDirectory) => readonly (readonly string[])[];
  readonly optional: (run: RunDirectory) => readonly string[];
  readonly code: string;
  readonly lacks: string;
}

const WANTED: Readonly<Record<Purpose, Wanted>> = {
  model: {
    needed: (run) => [[run.config], [run.topology], [run.bestWeights]],
    optional: () => [],
    code: "RUN_WITHOUT_MODEL",
    lacks: "no trained model",
  },
  predictions: {
    needed: (run) => [[run.predictions("test"), run.predictions("validation")]],
    optional: (run) => [run.config, run.history],
    code: "RUN_UNFINISHED",
    lacks: "no predictions",
  },
};

/** The id in `mlflow:RUN_ID`; nothing for a path. */
export function namedRunId(run: string): string | undefined {
  return run.startsWith(PREFIX) ? run.slice(PREFIX.length) : undefined;
}

/**
 * The run directory that an option names: a path, or `mlflow:RUN_ID`, whose files are fetched into `runs/mlflow-RUN_ID`
 * (only what is not there yet).
 * @throws {InputError} `RUN_MISSING`, or `RUN_WITHOUT_MODEL` or `RUN_UNFINISHED` where the run lacks what is asked for
 */
export async function localRun(
  run: string,
  purpose: Purpose,
  { progress, signal }: { progress: Progress; signal: AbortSignal },
): Promise<string> {
  const id = namedRunId(run);
  if (id === undefined) return run;
  if (!/^[\w-]+$/.test(id)) throw new InputError("RUN_MISSING", `--run: "${run}" does not name a run; mlflow:RUN_ID.`);
  const directory = new RunDirectory(join(projectRoot(), "runs", `mlflow-${id}`));
  const wanted = WANTED[purpose];
  const needed = wanted.needed(directory);
  const files = [...needed.flat(), ...wanted.optional(directory)];
  const paths = new Set(files.map((file) => relative(directory.path, file).replaceAll("\\", "/")));
  await withMlflow({}, async (client) => {
    progress.say(`Fetching run ${id} from ${client.trackingUri}`);
    const only = ({ path }: { path: string }) => paths.has(path);
    await client.downloadArtifacts(id, directory.path, undefined, { signal, only }).catch((error: unknown) => {
      const { statusCode, errorCode } = error as { statusCode?: number; errorCode?: string };
      if (statusCode !== 404) throw error;
      // Without MLflow's code the run is there, but none of the files.
      if (errorCode === undefined) return;
      throw new InputError("RUN_MISSING", `--run: ${client.trackingUri} has no run ${id}.`, { cause: error });
    });
  });
  const lacking = needed.find((choice) => !choice.some(existsSync));
  if (lacking) {
    throw new InputError(
      wanted.code,
      `--run: run ${id} on the MLflow server has ${wanted.lacks} (${relative(directory.path, lacking[0] as string)}).`,
    );
  }
  return directory.path;
}
