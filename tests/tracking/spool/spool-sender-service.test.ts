import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connectionSettings } from "../../../src/tracking/client/settings";
import type { SpoolSenderReport } from "../../../src/tracking/spool/spool-sender-report";
import { SpoolSenderService } from "../../../src/tracking/spool/spool-sender-service";
import { temporaryDirectory } from "../../support/temporary-directory";

test("a full disk costs samples of the machine, and not the sending", {
  skip: existsSync("/dev/full") ? false : "This system has no /dev/full.",
}, async (context) => {
  const directory = await temporaryDirectory(context);
  await symlink("/dev/full", join(directory, "events.jsonl"));
  let finish: (report: SpoolSenderReport) => void = () => undefined;
  const finished = new Promise<SpoolSenderReport>((done) => {
    finish = done;
  });
  const service = new SpoolSenderService(({ report }) => report && finish(report));
  const run = { id: 1, directory, settings: connectionSettings("http://127.0.0.1:1"), fresh: true };
  service.handle({ ...run, kind: "open", systemMetricsMs: 10, startTime: Date.now() });
  await sleep(100);
  service.handle({ kind: "close", id: 1, patienceMs: 0, withoutContactMs: 0 });
  const { complete, problem } = await finished;
  assert.ok(complete, problem);
});
