/** @module The logged models of a journal's run on the server, found by name and created once. */
import type { LoggedModel } from "../client/logged-model-client";
import type { Mlflow } from "../client/mlflow";
import type { ModelEvent } from "./journal";
import type { RemoteRun } from "./remote-run";
import type { RetryPolicy } from "./retry-policy";

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
  async finish(remote: RemoteRun, { name, facts }: ModelEvent): Promise<void> {
    const model = await this.of(remote, name);
    if (model) await this.client.models.finish(remote.runId, model.model_id, facts);
  }
}
