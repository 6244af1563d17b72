import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connectionSettings } from "../../../src/tracking/client/settings";
import { Journal } from "../../../src/tracking/spool/journal";
import { SpoolDirectory } from "../../../src/tracking/spool/spool-directory";
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
  service.handle({ kind: "close", id: 1, patience: { patienceMs: 0 } });
  const { complete, problem } = await finished;
  assert.ok(complete, problem);
});

test("a run that is started again and again while it ends has a report for each start", {
  timeout: 20_000,
}, async (context) => {
  const directory = await temporaryDirectory(context);
  new Journal(new SpoolDirectory(directory)).close();
  const reports = new Map<number, SpoolSenderReport>();
  const service = new SpoolSenderService(({ id, report }) => report && reports.set(id, report));
  const settings = connectionSettings("http://127.0.0.1:1");
  const open = (id: number) =>
    service.handle({ id, kind: "open", directory, settings, fresh: true, systemMetricsMs: 0, startTime: Date.now() });
  const close = (id: number) => service.handle({ kind: "close", id, patience: { patienceMs: 0 } });
  open(1);
  close(1);
  open(2);
  open(3);
  close(2);
  close(3);
  while (reports.size < 3) await sleep(10);
  assert.match(reports.get(2)?.problem ?? "", /was restarted in the same directory/);
  assert.deepEqual([reports.get(1)?.complete, reports.get(3)?.complete], [true, true]);
});
