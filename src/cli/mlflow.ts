/** @module `histo mlflow start` and `sync`, and the options and the client of commands that use an MLflow server. */
import { join, resolve } from "node:path";
import * as z from "zod";
import { HistoError, hasErrorCode } from "../errors/index";
import { projectPython, projectRoot } from "../files/index";
import { counted } from "../format/index";
import { group, option, whole } from "../options/index";
import type { Mlflow } from "../tracking/index";
import { defineCommand } from "./command";

export const mlflowSchema = z.strictObject({
  trackingUri: option(z.string().optional(), "the MLflow server", {
    value: "address",
    usual: "MLFLOW_TRACKING_URI, then http://127.0.0.1:5000",
  }),
});

/** Runs `work` with a client that does not retry and is closed afterwards. @throws {HistoError} `MLFLOW_ABSENT` if no server answers */
export async function withMlflow<T>(
  options: z.output<typeof mlflowSchema>,
  work: (client: Mlflow) => Promise<T>,
): Promise<T> {
  const { connectionSettings, Mlflow: Client } = await import("../tracking/index.js");
  const client = new Client({ ...connectionSettings(options.trackingUri), maxRetries: 0 });
  try {
    return await work(client);
  } catch (error) {
    if (!hasErrorCode(error, "ECONNREFUSED", "ENOTFOUND")) throw error;
    const message = `No MLflow server answers at ${client.trackingUri}: start one with \`npm run mlflow\`, or set MLFLOW_TRACKING_URI.`;
    throw new HistoError("MLFLOW_ABSENT", message, { cause: error });
  } finally {
    client.close();
  }
}

/** Options to spread into a command's schema. */
export const trackingOptions = group("Tracking", {
  track: option(z.boolean().default(true), "do not log to MLflow", { flag: "no-track" }),
  experiment: option(z.string().default("histology"), "experiment of MLflow", { value: "name" }),
});

const startSchema = z.strictObject({
  port: option(whole(0, 65535).optional(), "port to listen on, 0 for a free one", {
    value: "n",
    environment: "MLFLOW_PORT",
    usual: "that of mlruns-config/local/mlflow.env, 5000",
  }),
  directory: option(z.string().optional(), "folder of the runs: mlflow.db and artifacts/", {
    value: "dir",
    usual: "mlruns",
  }),
});

/** Runs the local server in the foreground (`npm run mlflow`). Environment variables override the settings file. */
export const startCommand = defineCommand({
  schema: startSchema,
  async run({ port, directory: given }, { progress, signal }) {
    const directory = resolve(given ?? join(projectRoot(), "mlruns"));
    const { localServerSettings, startLocalServer } = await import("../tracking/index.js");
    const env = Object.entries(process.env).filter(([name]) => name.startsWith("MLFLOW_")) as [string, string][];
    const { url, ended, stop } = await startLocalServer({
      directory,
      port: port ?? Number(localServerSettings().MLFLOW_PORT),
      python: projectPython(),
      env: Object.fromEntries(env),
      foreground: true,
      say: progress.say,
      signal,
    });
    progress.say(
      `MLflow is at ${url} (data in ${directory}). Point the project at it: export MLFLOW_TRACKING_URI=${url}`,
    );
    const stopped = new Promise<undefined>((done) => signal.addEventListener("abort", () => done(undefined)));
    const reason = signal.aborted ? undefined : await Promise.race([ended, stopped]);
    await stop();
    if (reason !== undefined) throw new HistoError("MLFLOW_ENDED", `MLflow has ended: ${reason}.`);
    return { url, directory };
  },
});

/** Sends what runs have logged while the server was unreachable. */
export const syncCommand = defineCommand({
  schema: mlflowSchema,
  configure: (command) => command.argument("[directories...]", "run directories, or folders of them (default: runs)"),
  async run({ trackingUri }, { args, progress, signal }) {
    const { findSpools, syncSpools } = await import("../tracking/index.js");
    const directories: string[] = [];
    for (const directory of args.length > 0 ? args : ["runs"]) directories.push(...(await findSpools(directory)));
    const runs = await syncSpools([...new Set(directories)], {
      ...(trackingUri === undefined ? {} : { trackingUri }),
      signal,
      notify: (directory, notice) => {
        progress.say(`${directory}: ${notice.kind === "created" ? notice.url : notice.message}`);
      },
    });
    const complete = runs.filter((run) => run.complete).length;
    const pending = runs.reduce((sum, run) => sum + run.pending, 0);
    const stuck = runs.find((run) => !run.complete);
    if (stuck && !signal.aborted) {
      const message = `${runs.length - complete} of ${counted(runs.length, "run")} incomplete on ${stuck.server} (${counted(pending, "event")} left): ${stuck.problem}`;
      throw new HistoError("SYNC_INCOMPLETE", message);
    }
    return { spools: runs.length, complete, pending, runs };
  },
  render: ({ runs }) =>
    runs.length === 0
      ? "Nothing to send."
      : runs.map((run) => `${run.directory}: ${run.complete ? "sent" : "incomplete"} ${run.url ?? ""}`).join("\n"),
});
