import assert from "node:assert/strict";
import { test } from "node:test";
import { RunMessages } from "../../../src/tracking/run/run-messages";
import { temporaryDirectory } from "../../support/temporary-directory";

const AWAY = { kind: "unreachable", message: "connect ECONNREFUSED" } as const;
const REPORT = { directory: "spool", server: "", complete: false, pending: 7, rejected: 0, problem: "too slow" };

test("a server that is never there is reported once a day, one that leaves a run always", async (context) => {
  const before = process.env.HISTO_CACHE;
  process.env.HISTO_CACHE = await temporaryDirectory(context);
  context.after(() => {
    if (before === undefined) delete process.env.HISTO_CACHE;
    else process.env.HISTO_CACHE = before;
  });
  const said: string[] = [];
  const messages = () => new RunMessages((line) => said.push(line), "http://mlflow", "spool", "daily");

  messages().pass(AWAY);
  assert.match(said.join(), /^Tracking: http:\/\/mlflow cannot be used now \(connect ECONNREFUSED\)/);
  said.length = 0;
  const absent = messages();
  absent.pass(AWAY);
  absent.unsent(REPORT);
  assert.deepEqual(said, []);

  const left = messages();
  left.pass({ kind: "created", runId: "1", experimentId: "1", url: "http://mlflow/1" });
  left.pass(AWAY);
  left.unsent(REPORT);
  assert.equal(said.length, 2, said.join("\n"));
  assert.match(said[1] ?? "", /lacks 7 events of this run, kept in spool/, "the reason was said");

  const slow = messages();
  slow.pass({ kind: "created", runId: "2", experimentId: "1", url: "http://mlflow/2" });
  slow.unsent(REPORT);
  assert.match(said[2] ?? "", /lacks 7 events of this run \(too slow\), kept in spool/);
  slow.unsent({ ...REPORT, pending: 0 });
  assert.match(said[3] ?? "", /lacks a part of this run/);
});
