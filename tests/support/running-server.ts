/** @module A server in the process of a test. */
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type RunningServer, type ServerOptions, startServer } from "../../serve/server/index";
import { writeModel } from "./served-model";
import { temporaryDirectory } from "./temporary-directory";

/** Starts a server, by default with a model in the folder `model` of its directory. It ends with the test. */
export async function serve(
  t: TestContext,
  options: Partial<ServerOptions> = {},
): Promise<RunningServer & { directory: string }> {
  const directory = await temporaryDirectory(t);
  const models = options.models ?? [await writeModel(join(directory, "model"))];
  const server = await startServer({ port: 0, ...options, models });
  t.after(() => server.close());
  return { ...server, directory };
}

/** Sends a PNG for a prediction. */
export const send = (url: string, body: Uint8Array) =>
  fetch(`${url}/predict`, { method: "POST", body: body as BodyInit, headers: { "content-type": "image/png" } });
