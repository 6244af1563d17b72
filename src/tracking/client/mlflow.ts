/** @module An MLflow server as one object with the methods of all its clients, as in mlflow-js. */
import { ArtifactClient } from "./artifact-client";
import { ExperimentClient } from "./experiment-client";
import { LoggedModelClient } from "./logged-model-client";
import { RunClient } from "./run-client";
import { type ConnectionSettings, connectionSettings } from "./settings";
import { Transport } from "./transport";

/** The clients of one server, which share its connections. */
class Clients {
  /** The address of the server, without credentials. */
  readonly trackingUri: string;
  readonly models: LoggedModelClient;
  protected readonly experiments: ExperimentClient;
  protected readonly runs: RunClient;
  protected readonly artifacts: ArtifactClient;
  protected readonly transport: Transport;

  /**
   * @param tracking the server's address (default `MLFLOW_TRACKING_URI`, then http://127.0.0.1:5000), or all settings.
   * Credentials and TLS come from the usual `MLFLOW_*` variables, see {@link connectionSettings}.
   * @throws {TrackingInputError} for an address that is not http(s)
   */
  constructor(tracking?: string | ConnectionSettings) {
    const settings = typeof tracking === "object" ? tracking : connectionSettings(tracking);
    this.trackingUri = settings.trackingUri;
    this.transport = new Transport(settings);
    this.experiments = new ExperimentClient(this.transport);
    this.runs = new RunClient(this.transport);
    this.artifacts = new ArtifactClient(this.transport, this.runs);
    this.models = new LoggedModelClient(this.transport);
  }
}

/** An MLflow server. The methods of its clients are bound, so that they can be passed on as functions. */
export class Mlflow extends Clients {
  readonly createExperiment = this.experiments.createExperiment.bind(this.experiments);
  readonly searchExperiment = this.experiments.searchExperiment.bind(this.experiments);
  readonly getExperiment = this.experiments.getExperiment.bind(this.experiments);
  readonly getExperimentByName = this.experiments.getExperimentByName.bind(this.experiments);
  readonly getOrCreateExperiment = this.experiments.getOrCreateExperiment.bind(this.experiments);
  readonly deleteExperiment = this.experiments.deleteExperiment.bind(this.experiments);
  readonly restoreExperiment = this.experiments.restoreExperiment.bind(this.experiments);
  readonly updateExperiment = this.experiments.updateExperiment.bind(this.experiments);
  readonly setExperimentTag = this.experiments.setExperimentTag.bind(this.experiments);
  readonly createRun = this.runs.createRun.bind(this.runs);
  readonly deleteRun = this.runs.deleteRun.bind(this.runs);
  readonly restoreRun = this.runs.restoreRun.bind(this.runs);
  readonly getRun = this.runs.getRun.bind(this.runs);
  readonly updateRun = this.runs.updateRun.bind(this.runs);
  readonly logMetric = this.runs.logMetric.bind(this.runs);
  readonly logBatch = this.runs.logBatch.bind(this.runs);
  readonly logModel = this.runs.logModel.bind(this.runs);
  readonly logInputs = this.runs.logInputs.bind(this.runs);
  readonly setTag = this.runs.setTag.bind(this.runs);
  readonly deleteTag = this.runs.deleteTag.bind(this.runs);
  readonly logParam = this.runs.logParam.bind(this.runs);
  readonly getMetricHistory = this.runs.getMetricHistory.bind(this.runs);
  readonly searchRuns = this.runs.searchRuns.bind(this.runs);
  readonly iterateRuns = this.runs.iterateRuns.bind(this.runs);
  readonly listArtifacts = this.runs.listArtifacts.bind(this.runs);
  readonly uploadArtifact = this.artifacts.uploadArtifact.bind(this.artifacts);
  readonly downloadArtifact = this.artifacts.downloadArtifact.bind(this.artifacts);
  readonly downloadArtifacts = this.artifacts.downloadArtifacts.bind(this.artifacts);
  readonly walkArtifacts = this.artifacts.walkArtifacts.bind(this.artifacts);

  getExperimentClient(): ExperimentClient {
    return this.experiments;
  }

  getRunClient(): RunClient {
    return this.runs;
  }

  getArtifactClient(): ArtifactClient {
    return this.artifacts;
  }

  /** Page of a run in the server's web interface. */
  runUrl(experiment_id: string, run_id: string): string {
    return `${this.trackingUri}/#/experiments/${experiment_id}/runs/${run_id}`;
  }

  /** True if the server answers its health check. */
  async isHealthy(): Promise<boolean> {
    try {
      (await this.transport.open({ method: "GET", path: "/health", maxRetries: 0 })).resume();
      return true;
    } catch {
      return false;
    }
  }

  /** Limits how long the server may stay silent, also in current requests. */
  limitSilence(milliseconds: number): void {
    this.transport.limitSilence(milliseconds);
  }

  /** Makes current requests fail. */
  interrupt(): void {
    this.transport.interrupt();
  }

  /** Closes idle connections. */
  close(): void {
    this.transport.close();
  }
}
