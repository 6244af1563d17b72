/** @module The run of a journal on the server, found by its key and created exactly once. */
import { ApiError } from "../client/errors";
import type { LoggedModel, LoggedModelFacts } from "../client/logged-model-client";
import type { Mlflow } from "../client/mlflow";
import type { Run, Tag } from "../client/values";
import type { RunEvent } from "./journal";
import type { RetryPolicy } from "./retry-policy";

/** The tag for {@link RunEvent.key}. MLflow's web interface hides tags that start with `mlflow.`. */
const RUN_KEY_TAG = "mlflow.client.runKey";

export interface RemoteRun {
  readonly runId: string;
  readonly experimentId: string;
}

/**
 * Finds or creates the run of a journal.
 * @param mayExist false only if its creation has never been requested; then it is not searched
 */
export async function openRemoteRun(client: Mlflow, header: RunEvent, mayExist: boolean): Promise<RemoteRun> {
  if (header.runId) return remoteOf(await activeRun(client, header.runId));
  const { experiment_id, isRecent } = await experimentOf(client, header);
  const existing = mayExist ? await runsByKey(client, experiment_id, header.key) : [];
  if (existing[0]) return remoteOf(existing[0]);
  const tags: Tag[] = [...header.tags, { key: RUN_KEY_TAG, value: header.key }];
  const parent = header.parentRunId ?? (await parentByKey(client, header));
  if (parent) tags.push({ key: "mlflow.parentRunId", value: parent });
  try {
    return remoteOf(await client.createRun(experiment_id, header.name, header.startTime, tags));
  } catch (error) {
    if (!isRecent || !(error instanceof ApiError) || error.statusCode >= 500) throw error;
    // The experiment may have been deleted in the meantime: look again.
    recentExperiments.delete(experimentKey(client, header.experiment));
    return openRemoteRun(client, header, mayExist);
  }
}

/** How long the id of an experiment is cached, because a search starts many runs in a row. */
const RECENT_MS = 10_000;
const recentExperiments = new Map<string, { readonly experiment_id: string; readonly time: number }>();

const experimentKey = (client: Mlflow, name: string) => `${client.trackingUri} ${name}`;

/** The experiment of a run, created if it is missing. `isRecent`: from the cache. */
async function experimentOf(
  client: Mlflow,
  { experiment: name, experimentId }: RunEvent,
): Promise<{ experiment_id: string; isRecent: boolean }> {
  if (experimentId) return { experiment_id: experimentId, isRecent: false };
  const key = experimentKey(client, name);
  const known = recentExperiments.get(key);
  if (known && performance.now() - known.time < RECENT_MS) return { ...known, isRecent: true };
  const { experiment_id } = await client.getOrCreateExperiment(name);
  recentExperiments.set(key, { experiment_id, time: performance.now() });
  return { experiment_id, isRecent: false };
}

/**
 * Deletes other runs with this key. They exist if the response to a creation was lost and the server finished it after the
 * next search.
 */
export async function deleteDuplicates(client: Mlflow, { experimentId, runId }: RemoteRun, key: string): Promise<void> {
  for (const { info } of await runsByKey(client, experimentId, key)) {
    if (info.run_id !== runId) await client.deleteRun(info.run_id);
  }
}

async function runsByKey(client: Mlflow, experimentId: string, key: string): Promise<Run[]> {
  const { runs } = await client.searchRuns([experimentId], `tags.\`${RUN_KEY_TAG}\` = '${key}'`);
  return runs.sort((a, b) => (a.info.run_id < b.info.run_id ? -1 : 1));
}

async function parentByKey(client: Mlflow, header: RunEvent): Promise<string | undefined> {
  const { parentKey, parentExperiment, parentExperimentId } = header;
  if (!parentKey || !parentExperiment) return undefined;
  const experiment_id = parentExperimentId ?? (await client.getOrCreateExperiment(parentExperiment)).experiment_id;
  const parent = (await runsByKey(client, experiment_id, parentKey))[0];
  if (!parent) throw new Error("its parent run is not on the server yet: send that one first");
  return parent.info.run_id;
}

async function activeRun(client: Mlflow, runId: string): Promise<Run> {
  const run = await client.getRun(runId);
  if (run.info.lifecycle_stage === "active") return run;
  const message = `Run ${runId} has been deleted on the server: restore it (mlflow runs restore) first.`;
  throw new ApiError(message, 409, "RESOURCE_DELETED");
}

function remoteOf(run: Run): RemoteRun {
  return { runId: run.info.run_id, experimentId: run.info.experiment_id };
}

export class RemoteModels {
  private readonly known = new Map<string, Promise<LoggedModel | undefined>>();

  constructor(
    private readonly client: Mlflow,
    private readonly retries: RetryPolicy,
  ) {}

  /** Undefined if the server has no logged models or this client cannot send their files; these then belong to the run. */
  of({ experimentId, runId }: RemoteRun, name: string): Promise<LoggedModel | undefined> {
    let model = this.known.get(name);
    if (!model) {
      const { models } = this.client;
      model = this.retries.attempt(async () => {
        const found = await models.findOrCreate(experimentId, runId, name);
        return found?.artifact_uri.startsWith("mlflow-artifacts:") ? found : undefined;
      });
      this.known.set(name, model);
    }
    return model;
  }

  /** Marks a model as complete. */
  async finish(remote: RemoteRun, name: string, facts: LoggedModelFacts): Promise<void> {
    const model = await this.of(remote, name);
    if (model) await this.client.models.finish(remote.runId, model.model_id, facts);
  }
}
