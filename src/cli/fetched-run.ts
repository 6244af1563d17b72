/** @module `--run mlflow:RUN_ID`: fetches a run from the MLflow server. */
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { InputError } from "../errors/index";
import { projectRoot } from "../files/index";
import type { Progress } from "../progress/index";
import { RunDirectory } from "../runs/index";
import { withMlflow } from "./mlflow";

const PREFIX = "mlflow:";

/** The part of a run that a command reads. Only this part is fetched, because weights may be gigabytes. */
type Purpose = "model" | "predictions";

interface Selection {
  /** Required artifact paths: at least one of each list. */
  readonly needed: (run: RunDirectory) => readonly (readonly string[])[];
  readonly optional: (run: RunDirectory) => readonly string[];
  readonly code: string;
  readonly lacks: string;
}

const SELECTIONS: Readonly<Record<Purpose, Selection>> = {
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

/** The id in `mlflow:RUN_ID`; undefined for a path. */
export function namedRunId(run: string): string | undefined {
  return run.startsWith(PREFIX) ? run.slice(PREFIX.length) : undefined;
}

/**
 * The run directory of an option: a path, or `mlflow:RUN_ID`, whose missing files are fetched into `runs/mlflow-RUN_ID`.
 * @throws {InputError} `RUN_MISSING`, or `RUN_WITHOUT_MODEL` or `RUN_UNFINISHED` if the run lacks a required file
 */
export async function localRun(
  run: string,
  purpose: Purpose,
  { progress, signal }: { progress: Progress; signal: AbortSignal },
): Promise<string> {
  const id = namedRunId(run);
  if (id === undefined) return run;
  if (!/^[\w-]+$/.test(id)) throw new InputError("RUN_MISSING", `--run: "${run}" is not of the form mlflow:RUN_ID.`);
  const directory = new RunDirectory(join(projectRoot(), "runs", `mlflow-${id}`));
  const selection = SELECTIONS[purpose];
  const needed = selection.needed(directory);
  const files = [...needed.flat(), ...selection.optional(directory)];
  const paths = new Set(files.map((file) => relative(directory.path, file).replaceAll("\\", "/")));
  await withMlflow({}, async (client) => {
    progress.say(`Fetching run ${id} from ${client.trackingUri}`);
    const only = ({ path }: { path: string }) => paths.has(path);
    await client.downloadArtifacts(id, directory.path, undefined, { signal, only }).catch((error: unknown) => {
      const { statusCode, errorCode } = error as { statusCode?: number; errorCode?: string };
      if (statusCode !== 404) throw error;
      // Without MLflow's error code the run exists, but none of the files.
      if (errorCode === undefined) return;
      throw new InputError("RUN_MISSING", `--run: ${client.trackingUri} has no run ${id}.`, { cause: error });
    });
  });
  const missing = needed.find((choice) => !choice.some(existsSync));
  if (missing) {
    throw new InputError(
      selection.code,
      `--run: run ${id} on the MLflow server has ${selection.lacks} (${relative(directory.path, missing[0] as string)}).`,
    );
  }
  return directory.path;
}
