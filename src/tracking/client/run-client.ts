/** @module Runs, with the method names and argument order of mlflow-js's `RunClient`. */
import { type Exchange, pagesOf, type Transport } from "./transport";
import {
  type DatasetInput,
  type FileInfo,
  fromWireMetric,
  type Metric,
  type Param,
  paramText,
  type Run,
  type RunInfo,
  type RunStatus,
  type Tag,
  tagText,
  toWireMetric,
  type ViewType,
  type WireMetric,
} from "./values";

const ROOT = "/api/2.0/mlflow/runs";

interface WireRun extends Omit<Run, "data"> {
  readonly data?: { metrics?: WireMetric[]; params?: Param[]; tags?: Tag[] };
}

/** A metric point with optional time and step. */
type MetricInput = Pick<Metric, "key" | "value"> & Partial<Metric>;

export class RunClient {
  /** Artifact roots by run, which never change. */
  private readonly artifactUris = new Map<string, string>();

  constructor(private readonly transport: Transport) {}

  /** @param start_time milliseconds since 1970 */
  async createRun(
    experiment_id: string,
    run_name?: string,
    start_time: number = Date.now(),
    tags?: readonly Tag[],
  ): Promise<Run> {
    const json = { experiment_id, run_name, start_time: Math.trunc(start_time), tags };
    return this.read((await this.post<{ run: WireRun }>("create", json, { idempotent: false })).run);
  }

  async deleteRun(run_id: string): Promise<void> {
    await this.post("delete", { run_id });
  }

  async restoreRun(run_id: string): Promise<void> {
    await this.post("restore", { run_id });
  }

  /** The run with the last point of each metric. @throws {ApiError} `RESOURCE_DOES_NOT_EXIST` */
  async getRun(run_id: string): Promise<Run> {
    return this.read((await this.get<{ run: WireRun }>(`${ROOT}/get`, { run_id })).run);
  }

  /** Root of the run's artifacts, requested once. @throws {ApiError} `RESOURCE_DOES_NOT_EXIST` */
  async artifactUri(run_id: string): Promise<string> {
    return this.artifactUris.get(run_id) ?? (await this.getRun(run_id)).info.artifact_uri;
  }

  async updateRun(run_id: string, status?: RunStatus, end_time?: number, run_name?: string): Promise<RunInfo> {
    const json = { run_id, status, end_time: end_time === undefined ? undefined : Math.trunc(end_time), run_name };
    return (await this.post<{ run_info: RunInfo }>("update", json)).run_info;
  }

  async logMetric(run_id: string, key: string, value: number, timestamp: number = Date.now(), step = 0): Promise<void> {
    await this.post("log-metric", { run_id, ...toWireMetric({ key, value, timestamp, step }) });
  }

  /** At most 1000 metrics, 100 parameters and 100 tags, and 1000 in total. */
  async logBatch(
    run_id: string,
    metrics: readonly MetricInput[] = [],
    params: readonly { key: string; value: unknown }[] = [],
    tags: readonly { key: string; value: unknown }[] = [],
  ): Promise<void> {
    await this.post("log-batch", {
      run_id,
      metrics: metrics.map((metric) => toWireMetric({ timestamp: Date.now(), step: 0, ...metric })),
      params: params.map(({ key, value }) => ({ key, value: paramText(value) })),
      tags: tags.map(({ key, value }) => ({ key, value: tagText(value) })),
    });
  }

  /** @param model_json the text of an MLmodel file as JSON */
  async logModel(run_id: string, model_json: string): Promise<void> {
    await this.post("log-model", { run_id, model_json });
  }

  async logInputs(run_id: string, datasets: readonly DatasetInput[]): Promise<void> {
    await this.post("log-inputs", { run_id, datasets });
  }

  async setTag(run_id: string, key: string, value: string): Promise<void> {
    await this.post("set-tag", { run_id, key, value: tagText(value) });
  }

  async deleteTag(run_id: string, key: string): Promise<void> {
    await this.post("delete-tag", { run_id, key });
  }

  /** @throws {ApiError} if the run has this parameter with another value */
  async logParam(run_id: string, key: string, value: unknown): Promise<void> {
    await this.post("log-parameter", { run_id, key, value: paramText(value) });
  }

  /** The points of a metric; all of them without `max_results`. */
  async getMetricHistory(
    run_id: string,
    metric_key: string,
    page_token?: string,
    max_results?: number,
  ): Promise<{ metrics: Metric[]; next_page_token?: string }> {
    const query = { run_id, metric_key, page_token, max_results };
    const path = "/api/2.0/mlflow/metrics/get-history";
    const answer = await this.get<{ metrics?: WireMetric[]; next_page_token?: string }>(path, query);
    return { ...answer, metrics: (answer.metrics ?? []).map(fromWireMetric) };
  }

  /** One page of runs. @param filter such as `metrics.auc > 0.8 and params.model = 'mlp'` */
  async searchRuns(
    experiment_ids: readonly string[],
    filter?: string,
    run_view_type?: ViewType,
    max_results = 1000,
    order_by?: readonly string[],
    page_token?: string,
  ): Promise<{ runs: Run[]; next_page_token?: string }> {
    const json = { experiment_ids, filter, run_view_type, max_results, order_by, page_token };
    const answer = await this.post<{ runs?: WireRun[]; next_page_token?: string }>("search", json);
    return { ...answer, runs: (answer.runs ?? []).map(readRun) };
  }

  /** All runs that match, over all pages. */
  async *iterateRuns(
    experiment_ids: readonly string[],
    filter?: string,
    order_by?: readonly string[],
    run_view_type?: ViewType,
    page_size = 500,
  ): AsyncGenerator<Run> {
    for await (const { runs } of pagesOf((token) =>
      this.searchRuns(experiment_ids, filter, run_view_type, page_size, order_by, token),
    ))
      yield* runs;
  }

  /** The files and folders directly below `path`. */
  async listArtifacts(
    run_id: string,
    path?: string,
    page_token?: string,
  ): Promise<{ root_uri?: string; files: FileInfo[]; next_page_token?: string }> {
    const query = { run_id, path, page_token };
    const answer = await this.get<{ root_uri?: string; files?: FileInfo[]; next_page_token?: string }>(
      "/api/2.0/mlflow/artifacts/list",
      query,
    );
    const files = (answer.files ?? []).map((file) => ({
      ...file,
      ...(file.file_size === undefined ? {} : { file_size: Number(file.file_size) }),
    }));
    return { ...answer, files };
  }

  private read(wire: WireRun): Run {
    const run = readRun(wire);
    this.artifactUris.set(run.info.run_id, run.info.artifact_uri);
    return run;
  }

  private post<T>(action: string, json: unknown, options: Partial<Exchange> = {}): Promise<T> {
    return this.transport.call<T>({ method: "POST", path: `${ROOT}/${action}`, json, ...options });
  }

  private get<T>(path: string, query: NonNullable<Exchange["query"]>): Promise<T> {
    return this.transport.call<T>({ method: "GET", path, query });
  }
}

function readRun(run: WireRun): Run {
  const { metrics = [], params = [], tags = [] } = run.data ?? {};
  return { ...run, data: { metrics: metrics.map(fromWireMetric), params, tags } };
}
