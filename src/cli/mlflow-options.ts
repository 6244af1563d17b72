/** @module Options and client of the commands that use an MLflow server. */
import * as z from "zod";
import { HistoError, hasErrorCode } from "../errors/index";
import { option } from "../options/index";
import type { Mlflow } from "../tracking/index";

export const mlflowSchema = z.strictObject({
  trackingUri: option(z.string().optional(), "the MLflow server", {
    value: "address",
    usual: "MLFLOW_TRACKING_URI, then http://127.0.0.1:5000",
  }),
});

/**
 * Runs `work` with a client that is closed afterwards. The client does not retry: the user waits and can repeat the command.
 * @throws {HistoError} `MLFLOW_ABSENT` if no server answers
 */
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
    throw new HistoError(
      "MLFLOW_ABSENT",
      `No MLflow server answers at ${client.trackingUri}: start one with \`npm run mlflow\`, or set MLFLOW_TRACKING_URI.`,
      { cause: error },
    );
  } finally {
    client.close();
  }
}
