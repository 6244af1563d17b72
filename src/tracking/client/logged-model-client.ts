/** @module Logged models of MLflow 3: models with their own files, parameters and metrics, linked to their run. */
import { ApiError } from "./errors";
import type { Transport } from "./transport";
import { paramText, toWireMetric } from "./values";

export interface LoggedModel {
  readonly model_id: string;
  /** Root of its files. */
  readonly artifact_uri: string;
}

/** What is logged about a model once its files are uploaded. */
export interface LoggedModelFacts {
  readonly params: Readonly<Record<string, unknown>>;
  readonly metrics: Readonly<Record<string, number>>;
  /** Step of the metrics. */
  readonly step: number;
}

interface WireModel {
  readonly info: LoggedModel & { readonly source_run_id?: string };
}

const ROOT = "/api/2.0/mlflow/logged-models";
/** MLflow's number for the status "ready". */
const READY = 2;

export class LoggedModelClient {
  constructor(private readonly transport: Transport) {}

  /** The run's model of this name, created if it is missing; undefined for servers before MLflow 3. */
  async findOrCreate(experiment_id: string, run_id: string, name: string): Promise<LoggedModel | undefined> {
    try {
      const filter = `name = '${name}' AND source_run_id = '${run_id}'`;
      const found = await this.call<{ models?: WireModel[] }>("POST", `${ROOT}/search`, {
        experiment_ids: [experiment_id],
        filter,
      });
      const [model] = found.models ?? [];
      if (model) return model.info;
      const json = { experiment_id, source_run_id: run_id, name };
      return (await this.call<{ model: WireModel }>("POST", ROOT, json)).model.info;
    } catch (error) {
      const unknown = error instanceof ApiError && error.errorCode === undefined;
      if (unknown && [404, 405, 501].includes(error.statusCode)) return undefined;
      throw error;
    }
  }

  /** Logs the model's parameters and metrics, marks it as ready and links it to the run. */
  async finish(run_id: string, model_id: string, { params, metrics, step }: LoggedModelFacts): Promise<void> {
    const entries = Object.entries(params).map(([key, value]) => ({ key, value: paramText(value) }));
    await this.call("POST", `${ROOT}/${model_id}/params`, { model_id, params: entries });
    const points = Object.entries(metrics).map(([key, value]) => ({
      ...toWireMetric({ key, value, timestamp: Date.now(), step }),
      model_id,
    }));
    await this.call("POST", "/api/2.0/mlflow/runs/log-batch", { run_id, metrics: points });
    await this.call("PATCH", `${ROOT}/${model_id}`, { model_id, status: READY });
    await this.call("POST", "/api/2.0/mlflow/runs/outputs", { run_id, models: [{ model_id, step }] });
  }

  private call<T>(method: "POST" | "PATCH", path: string, json: unknown): Promise<T> {
    return this.transport.call<T>({ method, path, json });
  }
}
