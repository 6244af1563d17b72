/** @module Experiments, with the method names and argument order of mlflow-js's `ExperimentClient`. */
import { ApiError } from "./errors";
import type { Transport } from "./transport";
import type { Experiment, Tag, ViewType } from "./values";

const ROOT = "/api/2.0/mlflow/experiments";

/** Makes MLflow 3 show runs and models first, not traces of language models. */
const MODEL_DEVELOPMENT: Tag = { key: "mlflow.experimentKind", value: "custom_model_development" };

export class ExperimentClient {
  constructor(private readonly transport: Transport) {}

  /** Creates an experiment and returns its id. @throws {ApiError} `RESOURCE_ALREADY_EXISTS` */
  async createExperiment(name: string, artifact_location?: string, tags?: readonly Tag[]): Promise<string> {
    const json = { name, artifact_location, tags };
    const answer = await this.post<{ experiment_id: string }>("create", json, false);
    return answer.experiment_id;
  }

  /** One page of experiments. @param filter such as `name LIKE 'histology%'` */
  async searchExperiment(
    filter?: string,
    max_results = 1000,
    page_token?: string,
    order_by?: readonly string[],
    view_type?: ViewType,
  ): Promise<{ experiments: Experiment[]; next_page_token?: string }> {
    const json = { filter, max_results, page_token, order_by, view_type };
    const answer = await this.post<{ experiments?: Experiment[]; next_page_token?: string }>("search", json);
    return { ...answer, experiments: answer.experiments ?? [] };
  }

  /** @throws {ApiError} `RESOURCE_DOES_NOT_EXIST` */
  async getExperiment(experiment_id: string): Promise<Experiment> {
    return (await this.get<{ experiment: Experiment }>("get", { experiment_id })).experiment;
  }

  /** Also finds deleted experiments (see `lifecycle_stage`). @throws {ApiError} `RESOURCE_DOES_NOT_EXIST` */
  async getExperimentByName(experiment_name: string): Promise<Experiment> {
    return (await this.get<{ experiment: Experiment }>("get-by-name", { experiment_name })).experiment;
  }

  /** The active experiment of this name, created if it is missing. @throws {ApiError} if it has been deleted */
  async getOrCreateExperiment(name: string): Promise<Experiment> {
    let experiment = await this.findByName(name);
    if (!experiment) {
      try {
        await this.createExperiment(name, undefined, [MODEL_DEVELOPMENT]);
      } catch (error) {
        if (!(error instanceof ApiError && error.errorCode === "RESOURCE_ALREADY_EXISTS")) throw error;
        // Another client has created it in the meantime.
      }
      experiment = await this.getExperimentByName(name);
    }
    if (experiment.lifecycle_stage === "active") return experiment;
    const message = `The experiment "${name}" has been deleted on the server: restore it (mlflow experiments restore -x ${experiment.experiment_id}) or choose another name.`;
    throw new ApiError(message, 409, "RESOURCE_DELETED");
  }

  async deleteExperiment(experiment_id: string): Promise<void> {
    await this.post("delete", { experiment_id });
  }

  async restoreExperiment(experiment_id: string): Promise<void> {
    await this.post("restore", { experiment_id });
  }

  async updateExperiment(experiment_id: string, new_name: string): Promise<void> {
    await this.post("update", { experiment_id, new_name });
  }

  async setExperimentTag(experiment_id: string, key: string, value: string): Promise<void> {
    await this.post("set-experiment-tag", { experiment_id, key, value });
  }

  private async findByName(name: string): Promise<Experiment | undefined> {
    try {
      return await this.getExperimentByName(name);
    } catch (error) {
      if (error instanceof ApiError && error.statusCode === 404 && error.errorCode) return undefined;
      throw error;
    }
  }

  private post<T>(action: string, json: unknown, idempotent = true): Promise<T> {
    return this.transport.call<T>({ method: "POST", path: `${ROOT}/${action}`, json, idempotent });
  }

  private get<T>(action: string, query: Record<string, string>): Promise<T> {
    return this.transport.call<T>({ method: "GET", path: `${ROOT}/${action}`, query });
  }
}
