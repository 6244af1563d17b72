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
  readonly transport: Transport;

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
    for (const client of [this.experiments, this.runs, this.artifacts]) Object.assign(this, boundMethods(client));
  }
}

function boundMethods(client: object): object {
  const methods = Object.entries(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(client)));
  return Object.fromEntries(
    methods.filter(([name]) => name !== "constructor").map(([name, { value }]) => [name, value.bind(client)]),
  );
}

type Methods<Client> = Pick<Client, keyof Client>;
type WithMethods = Clients & Methods<ExperimentClient> & Methods<RunClient> & Methods<ArtifactClient>;

/** An MLflow server. The methods of its clients are bound, so that they can be passed on as functions. */
export class Mlflow extends (Clients as new (...settings: ConstructorParameters<typeof Clients>) => WithMethods) {
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

  async isHealthy(): Promise<boolean> {
    try {
      (await this.transport.open({ method: "GET", path: "/health", maxRetries: 0 })).resume();
      return true;
    } catch {
      return false;
    }
  }

  /** Closes idle connections. */
  close(): void {
    this.transport.close();
  }
}
