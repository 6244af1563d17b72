/** @module `--run mlflow:RUN_ID`: fetches a run from the MLflow server. */
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { InputError } from "../errors/index";
import { projectRoot, readJson } from "../files/index";
import type { Progress } from "../progress/index";
import { RunDirectory } from "../runs/index";
import type { Mlflow } from "../tracking/index";
import { withMlflow } from "./mlflow";

const PREFIX = "mlflow:";

/** The parts of a run that commands read, and at least one file of each list of `needed`. Only the named part is fetched. */
const PARTS = {
  model: {
    needed: (run: RunDirectory) => [[run.config], [run.topology], [run.bestWeights]],
    optional: (run: RunDirectory) => [run.folds],
    code: "RUN_WITHOUT_MODEL",
    lacks: "no trained model",
  },
  predictions: {
    needed: (run: RunDirectory) => [[run.predictions("test"), run.predictions("validation"), run.folds]],
    optional: (run: RunDirectory) => [run.config, run.history],
    code: "RUN_UNFINISHED",
    lacks: "no predictions",
  },
};

/** The id in `mlflow:RUN_ID`; undefined for a path. */
export function namedRunId(run: string): string | undefined {
  return run.startsWith(PREFIX) ? run.slice(PREFIX.length) : undefined;
}

/**
 * The run directory of an option: a path, or `mlflow:RUN_ID`, whose missing files are fetched into `runs/mlflow-RUN_ID`; of a
 * cross-validation also the predictions of its folds.
 * @throws {InputError} `RUN_MISSING`, `RUN_FOLD_MISSING`, or `RUN_WITHOUT_MODEL` or `RUN_UNFINISHED` if the run lacks a required file
 */
export async function localRun(
  run: string,
  name: keyof typeof PARTS,
  { progress, signal }: { progress: Progress; signal: AbortSignal },
): Promise<string> {
  const id = namedRunId(run);
  if (id === undefined) return run;
  if (!/^[\w-]+$/.test(id)) throw new InputError("RUN_MISSING", `--run: "${run}" is not of the form mlflow:RUN_ID.`);
  const directory = new RunDirectory(join(projectRoot(), "runs", `mlflow-${id}`));
  const { code, lacks, ...part } = PARTS[name];
  const needed = part.needed(directory);
  const files = [...needed.flat(), ...part.optional(directory)];
  const paths = new Set(files.map((file) => relative(directory.path, file).replaceAll("\\", "/")));
  await withMlflow({}, async (client) => {
    progress.say(`Fetching run ${id} from ${client.trackingUri}`);
    const only = ({ path }: { path: string }) => paths.has(path);
    const fetch = async (from: string, to: string) => {
      await client.downloadArtifacts(from, to, undefined, { signal, only }).catch((error: unknown) => {
        const { statusCode, errorCode } = error as { statusCode?: number; errorCode?: string };
        if (statusCode !== 404) throw error;
        // Without MLflow's error code the run exists, but none of the files.
        if (errorCode === undefined) return;
        throw new InputError("RUN_MISSING", `--run: ${client.trackingUri} has no run ${from}.`, { cause: error });
      });
    };
    await fetch(id, directory.path);
    if (name === "predictions" && existsSync(directory.folds)) {
      for (const [fold, run] of await foldRuns(client, id, directory)) await fetch(run, directory.fold(fold));
    }
  });
  const missing = needed.find((choice) => !choice.some(existsSync));
  if (missing && existsSync(directory.folds)) {
    const message = `--run: run ${id} on the MLflow server is a cross-validation; name the run of one of its folds (histo runs lists them).`;
    throw new InputError(code, message);
  }
  if (missing) {
    const message = `--run: run ${id} on the MLflow server has ${lacks} (${relative(directory.path, missing[0] as string)}).`;
    throw new InputError(code, message);
  }
  return directory.path;
}

/** The ids of the runs of a cross-validation's folds, by fold. @throws {InputError} `RUN_FOLD_MISSING` */
async function foldRuns(client: Mlflow, id: string, directory: RunDirectory): Promise<Map<string, string>> {
  const { folds } = await readJson<{ readonly folds: readonly { readonly fold: string }[] }>(directory.folds);
  const { info } = await client.getRun(id);
  const found = new Map<string, string>();
  for await (const run of client.iterateRuns([info.experiment_id], `tags.\`mlflow.parentRunId\` = '${id}'`)) {
    const fold = run.data.tags.find(({ key }) => key === "fold")?.value;
    // The newest is first.
    if (fold !== undefined && !found.has(fold)) found.set(fold, run.info.run_id);
  }
  const gone = folds.map(({ fold }) => fold).filter((fold) => !found.has(fold));
  if (gone.length === 0) return found;
  const message = `--run: ${client.trackingUri} has no run of fold ${gone.join(", ")} of the cross-validation ${id}.`;
  throw new InputError("RUN_FOLD_MISSING", message);
}
