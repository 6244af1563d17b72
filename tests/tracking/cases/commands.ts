/** @module `histo runs`, `histo mlflow sync` and fetching a run back. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fetchRun, startRun } from "../../../src/tracking/index";
import { histo, histoJson } from "../../support/histo";
import type { MlflowFixture } from "../../support/mlflow";
import { temporaryDirectory } from "../../support/temporary-directory";

export function commandCases(mlflow: () => MlflowFixture): void {
  describe("commands", () => {
    test("runs kept without a server are sent, listed, compared and fetched back", async (context) => {
      const { server } = mlflow();
      const directory = await temporaryDirectory(context);
      for (const [name, auc] of Object.entries({ small: 0.81, large: 0.86 })) {
        const run = await startRun({
          experiment: "commands",
          runName: name,
          trackingUri: "http://127.0.0.1:1",
          spoolDirectory: join(directory, "runs", name, "tracking"),
          systemMetrics: false,
          waitMs: 0,
          say: () => undefined,
        });
        run.logParams({ hidden: name === "small" ? 64 : 2352, epochs: 3 });
        run.logMetric("rocAuc", auc, 2);
        await run.logText(`{"name":"${name}"}`, "best/topology.json");
        await run.end();
      }
      const server_ = ["--tracking-uri", server.url];
      const absent = histo("mlflow", "sync", join(directory, "runs"), "--tracking-uri", "http://127.0.0.1:1");
      assert.equal(absent.status, 1);
      assert.match(absent.stderr, /histo: 2 of 2 runs are not whole on http:\/\/127\.0\.0\.1:1 \(\d+ events left\)/);
      const sent = histoJson<{ spools: number; complete: number; pending: number }>(
        ...["mlflow", "sync", join(directory, "runs"), ...server_],
      );
      assert.deepEqual([sent.spools, sent.complete, sent.pending], [2, 2, 0]);

      const order = ["--experiment", "commands", "--order-by", "metrics.rocAuc DESC"];
      const listed = histoJson<{ runs: { runId: string; name: string; metrics: object }[] }>(
        "runs",
        ...order,
        ...server_,
      );
      assert.deepEqual(
        listed.runs.map(({ name, metrics }) => [name, metrics]),
        [
          ["large", { rocAuc: 0.86 }],
          ["small", { rocAuc: 0.81 }],
        ],
      );
      const table = histo("runs", ...order, ...server_).stdout;
      assert.match(table, /^run +name +status +started +took +rocAuc\n-+/);
      const ids = listed.runs.map(({ runId }) => runId);
      const compared = histo("runs", ...ids, ...server_).stdout;
      assert.match(compared, /^\* hidden +2352 +64$/m);
      assert.match(compared, /^ {2}epochs +3 +3$/m);
      const missing = histo("runs", "--experiment", "nothing", ...server_);
      assert.deepEqual([missing.status, missing.stdout], [2, ""]);

      const target = join(directory, "fetched");
      const fetched = await fetchRun(ids[0] ?? "", target, { trackingUri: server.url });
      assert.deepEqual(fetched.files, ["best/topology.json"]);
      assert.equal(await readFile(join(target, "best", "topology.json"), "utf8"), '{"name":"large"}');
    });
  });
}
