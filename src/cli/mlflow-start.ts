/** @module `histo mlflow start` (`npm run mlflow`): runs the local MLflow server in the foreground. */
import { join, resolve } from "node:path";
import * as z from "zod";
import { HistoError } from "../errors/index";
import { projectPython, projectRoot } from "../files/index";
import { option, whole } from "../options/index";
import type { CommandDefinition } from "./command";

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

interface Result {
  readonly url: string;
  readonly directory: string;
}

/** Environment variables override the settings file. */
export const command: CommandDefinition<typeof startSchema, Result> = {
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
    if (reason !== undefined) throw new HistoError("MLFLOW_ENDED", `MLflow ended by itself: ${reason}.`);
    return { url, directory };
  },
};
