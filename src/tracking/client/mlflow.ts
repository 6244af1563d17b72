/** @module One object for an MLflow server, as in mlflow-js: the clients, and their methods bound on it. */
import { ArtifactClient } from "./artifact-client";
import { ExperimentClient } from "./experiment-client";
import { LoggedModelClient } from "./logged-model-client";
import { RunClient } from "./run-client";
import { type ConnectionSettings, connectionSettings } from "./settings";
import { Transport } from "./transport";

export class Mlflow {
  /** The address of the server, without credentials. */
  readonly trackingUri: string;
  readonly createExperiment: ExperimentClient["createExperiment"];
  readonly searchExperiment: ExperimentClient["searchExperiment"];
  readonly getExperiment: ExperimentClient["getExperiment"];
  readonly getExperimentByName: ExperimentClient["getExperimentByName"];
  readonly getOrCreateExperiment: ExperimentClient["getOrCreateExperiment"];
  readonly deleteExperiment: ExperimentClient["deleteExperiment"];
  readonly restoreExperiment: ExperimentClient["restoreExperiment"];
  readonly updateExperiment: ExperimentClient["updateExperiment"];
  readonly setExperimentTag: ExperimentClient["setExperimentTag"];
  readonly createRun: RunClient["createRun"];
  readonly deleteRun: RunClient["deleteRun"];
  readonly restoreRun: RunClient["restoreRun"];
  readonly getRun: RunClient["getRun"];
  readonly updateRun: RunClient["updateRun"];
  readonly logMetric: RunClient["logMetric"];
  readonly logBatch: RunClient["logBatch"];
  readonly logModel: RunClient["logModel"];
  readonly logInputs: RunClient["logInputs"];
  readonly setTag: RunClient["setTag"];
  readonly deleteTag: RunClient["deleteTag"];
  readonly logParam: RunClient["logParam"];
  readonly getMetricHistory: RunClient["getMetricHistory"];
  readonly searchRuns: RunClient["searchRuns"];
  readonly iterateRuns: RunClient["iterateRuns"];
  readonly listArtifacts: RunClient["listArtifacts"];
  readonly uploadArtifact: ArtifactClient["uploadArtifact"];
  readonly downloadArtifact: ArtifactClient["downloadArtifact"];
  readonly downloadArtifacts: ArtifactClient["downloadArtifacts"];
  readonly walkArtifacts: ArtifactClient["walkArtifacts"];

  readonly models: LoggedModelClient;

  private readonly experiments: ExperimentClient;
  private readonly runs: RunClient;
  private readonly artifacts: ArtifactClient;
  private readonly transport: Transport;

  /**
   * @param tracking the server's address (default `MLFLOW_TRACKING_URI`, then http://127.0.0.1:5000), or whole settings;
   * credentials and TLS come from the usual `MLFLOW_*` variables, see {@link connectionSettings}
   * @throws {TrackingInputError} for an address that is not http(s)
   */
  constructor(tracking?: string | ConnectionSettings) {
    const settings = typeof tracking === "object" ? tracking : connectionSettings(tracking);
    this.trackingUri = settings.trackingUri;
    this.transport = new Transport(settings);
    const experiments = new ExperimentClient(this.transport);
    const runs = new RunClient(this.transport);
    const artifacts = new ArtifactClient(this.transport, runs);
    this.models = new LoggedModelClient(this.transport);
    this.experiments = experiments;
    this.runs = runs;
    this.artifacts = artifacts;
    this.createExperiment = experiments.createExperiment.bind(experiments);
    this.searchExperiment = experiments.searchExperiment.bind(experiments);
    this.getExperiment = experiments.getExperiment.bind(experiments);
    this.getExperimentByName = experiments.getExperimentByName.bind(experiments);
    this.getOrCreateExperiment = experiments.getOrCreateExperiment.bind(experiments);
    this.deleteExperiment = experiments.deleteExperiment.bind(experiments);
    this.restoreExperiment = experiments.restoreExperiment.bind(experiments);
    this.updateExperiment = experiments.updateExperiment.bind(experiments);
    this.setExperimentTag = experiments.setExperimentTag.bind(experiments);
    this.createRun = runs.createRun.bind(runs);
    this.deleteRun = runs.deleteRun.bind(runs);
    this.restoreRun = runs.restoreRun.bind(runs);
    this.getRun = runs.getRun.bind(runs);
    this.updateRun = runs.updateRun.bind(runs);
    this.logMetric = runs.logMetric.bind(runs);
    this.logBatch = runs.logBatch.bind(runs);
    this.logModel = runs.logModel.bind(runs);
    this.logInputs = runs.logInputs.bind(runs);
    this.setTag = runs.setTag.bind(runs);
    this.deleteTag = runs.deleteTag.bind(runs);
    this.logParam = runs.logParam.bind(runs);
    this.getMetricHistory = runs.getMetricHistory.bind(runs);
    this.searchRuns = runs.searchRuns.bind(runs);
    this.iterateRuns = runs.iterateRuns.bind(runs);
    this.listArtifacts = runs.listArtifacts.bind(runs);
    this.uploadArtifact = artifacts.uploadArtifact.bind(artifacts);
    this.downloadArtifact = artifacts.downloadArtifact.bind(artifacts);
    this.downloadArtifacts = artifacts.downloadArtifacts.bind(artifacts);
    this.walkArtifacts = artifacts.walkArtifacts.bind(artifacts);
  }

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

  /** True where the server answers its health check. */
  async isHealthy(): Promise<boolean> {
    try {
      (await this.transport.open({ method: "GET", path: "/health", maxRetries: 0 })).resume();
      return true;
    } catch {
      return false;
    }
  }

  /** From now on the server may be silent for this long only, also within the requests under way. */
  limitSilence(milliseconds: number): void {
    this.transport.limitSilence(milliseconds);
  }

  /** Makes the requests under way fail. */
  interrupt(): void {
    this.transport.interrupt();
  }

  /** Closes idle connections. */
  close(): void {
    this.transport.close();
  }
}
