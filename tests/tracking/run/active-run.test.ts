/** @module What holds for a run that no server is there for. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { startRun } from "../../../src/tracking/index";
import type { ArtifactEvent, JournalEvent } from "../../../src/tracking/spool/journal";
import { temporaryDirectory } from "../../support/temporary-directory";

async function startAlone(context: TestContext, directory?: string) {
  const spoolDirectory = directory ?? (await temporaryDirectory(context));
  const said: string[] = [];
  const run = await startRun({
    spoolDirectory,
    trackingUri: "http://127.0.0.1:1",
    systemMetrics: false,
    waitMs: 0,
    say: (line) => void said.push(line),
  });
  const events = async () => {
    const lines = (await readFile(join(spoolDirectory, "events.jsonl"), "utf8")).trim().split("\n");
    return lines.map((line) => JSON.parse(line) as JournalEvent);
  };
  return { run, said, spoolDirectory, events };
}

test("what is logged after the end is left out, and said once", async (context) => {
  const { run, said, spoolDirectory } = await startAlone(context);
  run.logMetric("loss", 0.5, 1);
  void run.logText("in time", "early.txt");
  await run.end();
  const journal = await readFile(join(spoolDirectory, "events.jsonl"), "utf8");
  const files = await readdir(join(spoolDirectory, "files"));
  assert.equal(files.length, 1);
  said.length = 0;
  run.logMetric("loss", 0.25, 2);
  await run.logText("too late", "late.txt");
  assert.equal(said.length, 1, said.join("\n"));
  assert.match(said[0] ?? "", /^Tracking: the run has ended/);
  assert.equal(await readFile(join(spoolDirectory, "events.jsonl"), "utf8"), journal);
  assert.deepEqual(await readdir(join(spoolDirectory, "files")), files, "no content that nobody will send");
});

test("a disk without space does not end the work, and is said once, with what it has cost", {
  skip: existsSync("/dev/full") ? false : "This system has no /dev/full.",
}, async (context) => {
  const spoolDirectory = await temporaryDirectory(context);
  await symlink("/dev/full", join(spoolDirectory, "events.jsonl"));
  // Stands for a full disk: no file can be created there.
  await writeFile(join(spoolDirectory, "files"), "");
  const { run, said } = await startAlone(context, spoolDirectory);
  for (let step = 0; step < 3; step++) run.logMetric("loss", 0.5, step);
  for (const name of ["a.txt", "b.txt"]) await run.logText("content", name);
  const { complete, pending } = await run.end();
  assert.deepEqual([complete, pending], [false, 5]);
  const reasons = said.filter((line) => !line.includes("stopped"));
  assert.equal(reasons.length, 2, said.join("\n"));
  assert.match(reasons[0] ?? "", /cannot be written now \(E\w+: [^)]*\)\. The work continues/);
  assert.match(reasons[1] ?? "", /did not take 2 files and 5 events of this run/);
});

test("a value that cannot be logged costs only itself, and no call throws", async (context) => {
  const { run, said, events } = await startAlone(context);
  const circular: { self?: unknown } = {};
  circular.self = circular;
  run.logParams({ circular, lr: 0.1, nothing: { toJSON: () => undefined } });
  run.setTag("circular", circular);
  run.setTag("note", "kept");
  run.logMetrics(null as unknown as Record<string, number>);
  run.logInputs([{ dataset: { name: "tiles" } }] as unknown as Parameters<typeof run.logInputs>[0]);
  await run.logDict(circular, "circular.json");
  await run.logTable(null as unknown as [], "table.json");
  await run.end();
  const texts = (await events()).flatMap((event) => ("entries" in event ? event.entries : []));
  assert.deepEqual(texts, [
    ["lr", "0.1"],
    ["nothing", "None"],
    ["note", "kept"],
  ]);
  assert.ok(said.some((line) => /"circular" cannot be written as text and is left out/.test(line)));
});

test("different keys keep different names", async (context) => {
  const { run, said, events } = await startAlone(context);
  run.logMetrics({ "bad!key": 1, "bad@key": 2 });
  run.logMetrics({ "bad!key": 3 });
  await run.end();
  const names = (await events()).flatMap((event) =>
    event.type === "metrics" ? event.points.map(([name]) => name) : [],
  );
  assert.deepEqual(names, ["bad_key", "bad_key_0ee8add8", "bad_key"]);
  assert.equal(said.filter((line) => line.includes("is logged as")).length, 2);
});

test("values of one step are logged at rising times, given times are kept", async (context) => {
  const { run, events } = await startAlone(context);
  for (const auc of [0.9, 0.1, 0.5]) run.logMetric("auc", auc);
  for (const auc of [0.9, 0.1]) run.logMetric("auc", auc, 1, 1000);
  run.logMetric("loss", 0.3, 2, 4_000_000_000_000);
  run.logMetric("loss", 0.2, 2);
  await run.end();
  const points = (await events()).flatMap((event) => (event.type === "metrics" ? event.points : []));
  const times = (key: string, at: number) =>
    points.flatMap(([name, , time, step]) => (name === key && step === at ? [time] : []));
  const [first = 0, second = 0, third = 0] = times("auc", 0);
  assert.ok(first < second && second < third && third < Date.now() + 10, `${first}, ${second}, ${third}`);
  assert.deepEqual(times("auc", 1), [1000, 1000]);
  assert.deepEqual(times("loss", 2), [4_000_000_000_000, 4_000_000_000_001], "also after the clock was set back");
});

test("values of one's own interfaces are taken", async (context) => {
  interface Settings {
    lr: number;
    model?: string;
  }
  interface Scores {
    loss: number;
  }
  const settings: Settings = { lr: 0.1 };
  const scores: Scores = { loss: 1 };
  const { run, events } = await startAlone(context);
  run.logParams(settings);
  run.setTags(settings);
  run.logMetrics(scores, 1);
  await run.logTable([scores], "scores.json");
  await run.end();
  assert.deepEqual(
    (await events()).map(({ type }) => type),
    ["run", "params", "tags", "metrics", "artifact", "tags", "status"],
  );
});

test("linked files of a folder are logged, and a folder as one artifact, as Python's client does", async (context) => {
  const { run, said, events, spoolDirectory } = await startAlone(context);
  const folder = join(spoolDirectory, "report");
  await mkdir(join(folder, "plots"), { recursive: true });
  await writeFile(join(folder, "plots", "roc.svg"), "<svg/>");
  await symlink(join(folder, "plots", "roc.svg"), join(folder, "latest.svg"));
  await symlink(join(folder, "missing.svg"), join(folder, "broken.svg"));
  await symlink(join(folder, "plots"), join(folder, "linked"));
  await run.logArtifacts(folder);
  await run.logArtifact(folder, "results");
  await run.end();
  const artifacts = (await events()).filter((event): event is ArtifactEvent => event.type === "artifact");
  assert.deepEqual(
    artifacts.map(({ path }) => path),
    ["latest.svg", "plots/roc.svg", "results/report/latest.svg", "results/report/plots/roc.svg"],
  );
  assert.ok(
    said.some((line) => /broken\.svg/.test(line)),
    "a link to nothing is said",
  );
});

test("a large file that a link names is in the spool itself, whatever becomes of the file", async (context) => {
  const { run, events, spoolDirectory } = await startAlone(context);
  const file = join(spoolDirectory, "epoch-7.bin");
  await writeFile(file, Buffer.alloc(8 << 20));
  await symlink("epoch-7.bin", join(spoolDirectory, "best.bin"));
  await run.logArtifact(join(spoolDirectory, "best.bin"));
  await rm(file);
  await run.end();
  const logged = (await events()).find((event): event is ArtifactEvent => event.type === "artifact");
  const taken = await lstat(join(spoolDirectory, "files", logged?.file ?? ""));
  assert.deepEqual([logged?.path, taken.isFile(), taken.size], ["best.bin", true, 8 << 20]);
});
