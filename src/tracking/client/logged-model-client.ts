/** @module Logged models of MLflow 3: models with their own files, parameters and metrics, linked to their run. */
import { ApiError } from "./errors";
import type { Transport } from "./transport";
import type { WireMetric } from "./values";

export interface LoggedModel {
  readonly model_id: string;
  /** Root of its files. */
  readonly artifact_uri: string;
}

/** What is logged about a model once its files are uploaded. */
export interface LoggedModelFacts {
  readonly params: readonly LoggedModelParam[];
  /** Points that the run has too: the server adds them to the run, unless it has the same at the same time. */
  readonly metrics: readonly WireMetric[];
  /** Step at which the run made the model. */
  readonly step: number;
}

export interface LoggedModelParam {
  readonly key: string;
  readonly value: string;
}

interface WireModel {
  readonly info: LoggedModel & { readonly source_run_id?: string };
  readonly data?: { readonly params?: readonly LoggedModelParam[] };
}

const ROOT = "/api/2.0/mlflow/logged-models";
const RUNS = "/api/2.0/mlflow/runs";
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

  /** Logs the model's parameters and metrics, marks it as ready and links it to the run; once, however often it is called. */
  async finish(run_id: string, model_id: string, { params, metrics, step }: LoggedModelFacts): Promise<void> {
    const { model } = await this.call<{ model: WireModel }>("GET", `${ROOT}/${model_id}`);
    // The server fails on parameters that the model has.
    const logged = new Set(model.data?.params?.map(({ key }) => key));
    const missing = params.filter(({ key }) => !logged.has(key));
    if (missing.length > 0) await this.call("POST", `${ROOT}/${model_id}/params`, { model_id, params: missing });
    const points = metrics.map((point) => ({ ...point, model_id }));
    await this.call("POST", `${RUNS}/log-batch`, { run_id, metrics: points });
    await this.call("PATCH", `${ROOT}/${model_id}`, { model_id, status: READY });
    if (!(await this.isOutput(run_id, model_id))) {
      await this.call("POST", `${RUNS}/outputs`, { run_id, models: [{ model_id, step }] });
    }
  }

  /** The server fails on a link that it has, too. */
  private async isOutput(run_id: string, model_id: string): Promise<boolean> {
    interface Wire {
      readonly run: { readonly outputs?: { readonly model_outputs?: readonly { readonly model_id: string }[] } };
    }
    const { run } = await this.transport.call<Wire>({ method: "GET", path: `${RUNS}/get`, query: { run_id } });
    return run.outputs?.model_outputs?.some((output) => output.model_id === model_id) ?? false;
  }

  private call<T>(method: "GET" | "POST" | "PATCH", path: string, json?: unknown): Promise<T> {
    return this.transport.call<T>({ method, path, json });
  }
}
