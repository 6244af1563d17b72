/** @module Spools against a server of a few lines that stores nothing. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { startRun, syncSpools } from "../../../src/tracking/index";
import { temporaryDirectory } from "../../support/temporary-directory";

const EXPERIMENT = { experiment_id: "1", lifecycle_stage: "active" };
const INFO = { ...EXPERIMENT, run_id: "2", artifact_uri: "mlflow-artifacts:/1/2" };

/** A server that is busy at some searches for runs: the first is for the first spool's run, the second for duplicates of it. */
async function startServer(context: TestContext, busyAt: readonly number[]): Promise<string> {
  let searches = 0;
  const server = createServer((request, response) => {
    request.resume();
    const isBusy = request.url?.endsWith("/runs/search") && busyAt.includes(++searches);
    const answer = { experiment: EXPERIMENT, run: { info: INFO }, run_info: INFO };
    response.writeHead(isBusy ? 503 : 200).end(JSON.stringify(answer));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a server that is busy for a moment between two spools gets both", async (context) => {
  const directory = await temporaryDirectory(context);
  const spools = ["a", "b"].map((name) => join(directory, name));
  for (const spoolDirectory of spools) {
    const away = { trackingUri: "http://127.0.0.1:1", systemMetrics: false, waitMs: 0, say: () => undefined } as const;
    const run = await startRun({ spoolDirectory, ...away });
    run.logMetric("loss", 0.5);
    await run.end();
  }
  const reports = await syncSpools(spools, { trackingUri: await startServer(context, [3, 4]) });
  assert.deepEqual(
    reports.map(({ complete, problem }) => ({ complete, problem })),
    spools.map(() => ({ complete: true, problem: undefined })),
  );
});

test("a spool that another sender has reports what that one has left", async (context) => {
  const spoolDirectory = join(await temporaryDirectory(context), "spool");
  const trackingUri = await startServer(context, []);
  const run = await startRun({ spoolDirectory, trackingUri, systemMetrics: false, say: () => undefined });
  run.logMetric("loss", 0.5);
  const sync = async () => (await syncSpools([spoolDirectory], { trackingUri, patienceMs: 0 }))[0];
  let report = await sync();
  while (report?.pending !== 0) report = await sync();
  assert.match(report.problem ?? "", /is being sent by another process/);
  assert.equal(report.runId, INFO.run_id);
  await run.end();
});
