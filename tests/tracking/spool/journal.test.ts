/** @module The journal survives being cut anywhere. */
import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import { appendFile, mkdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Journal, type JournalEvent, readJournal, readRunEvent } from "../../../src/tracking/spool/journal";
import { SpoolDirectory } from "../../../src/tracking/spool/spool-directory";
import { temporaryDirectory } from "../../support/temporary-directory";

const events: JournalEvent[] = [
  { type: "run", key: "k", experiment: "größe", startTime: 1, tags: [] },
  { type: "metrics", points: [["loss", "NaN", 2, 3]] },
  { type: "params", entries: [["note", "line\nbreak"]] },
  { type: "status", status: "FINISHED", time: 4 },
];

test("events come back in order, from any offset", async (context) => {
  const spool = new SpoolDirectory(await temporaryDirectory(context));
  const journal = new Journal(spool);
  for (const event of events) journal.append(event);
  journal.close();
  const { entries, end } = await readJournal(spool.journal, 0);
  assert.deepEqual(
    entries.map(({ event }) => event),
    events,
  );
  assert.deepEqual(await readRunEvent(spool.journal), events[0]);
  const later = await readJournal(spool.journal, entries[1]!.end);
  assert.deepEqual(
    later.entries.map(({ event }) => event),
    events.slice(2),
  );
  assert.deepEqual(await readJournal(spool.journal, end), { entries: [], end });
});

test("a journal cut at any byte keeps its whole lines and can be continued", async (context) => {
  const spool = new SpoolDirectory(await temporaryDirectory(context));
  const journal = new Journal(spool);
  for (const event of events) journal.append(event);
  journal.close();
  const bytes = await readFile(spool.journal);
  for (let cut = 0; cut <= bytes.length; cut++) {
    await writeFile(spool.journal, bytes.subarray(0, cut));
    const continued = new Journal(spool);
    continued.append({ type: "status", status: "RUNNING", time: 5 });
    continued.close();
    const { entries } = await readJournal(spool.journal, 0);
    const lines = bytes.subarray(0, cut).toString("utf8").split("\n").length - 1;
    // A last line that lacks only its line break is whole.
    const last = bytes[cut] === 0x0a ? 1 : 0;
    assert.deepEqual(
      entries.map(({ event }) => event),
      [...events.slice(0, lines + last), { type: "status", status: "RUNNING", time: 5 }],
      `cut at ${cut}`,
    );
  }
});

test("what the disk does not take waits in memory, and what it never takes is counted", async (context) => {
  const spool = new SpoolDirectory(await temporaryDirectory(context));
  await mkdir(spool.journal);
  const journal = new Journal(spool);
  for (const event of events.slice(0, 2)) assert.throws(() => journal.append(event), { code: "EISDIR" });
  await rmdir(spool.journal);
  for (const event of events.slice(2)) journal.append(event);
  assert.equal(journal.close(), 0);
  const { entries } = await readJournal(spool.journal, 0);
  assert.deepEqual(
    entries.map(({ event }) => event),
    events,
  );

  await rm(spool.journal);
  await mkdir(spool.journal);
  const lost = new Journal(spool);
  for (const event of events) assert.throws(() => lost.append(event), { code: "EISDIR" });
  assert.equal(lost.close(), events.length);
});

test("an event after a line that another writer could not finish is whole", async (context) => {
  const spool = new SpoolDirectory(await temporaryDirectory(context));
  const journal = new Journal(spool);
  for (const event of events.slice(0, 3)) journal.append(event);
  // The sampler of the machine's load has a journal of its own, and a full disk cuts its line off.
  await appendFile(spool.journal, '{"type":"metrics","points":[["system/cpu');
  journal.append(events[3]!);
  journal.close();
  const { entries } = await readJournal(spool.journal, 0);
  assert.deepEqual(
    entries.map(({ event }) => event),
    events,
  );
});

test("a closed journal takes nothing more, and leaves alone the file that has its descriptor now", async (context) => {
  const directory = await temporaryDirectory(context);
  const journal = new Journal(new SpoolDirectory(directory));
  journal.close();
  const other = openSync(join(directory, "other.txt"), "w");
  assert.throws(() => journal.append(events[1]!), { code: "RUN_ENDED", message: /start it again with startRun/ });
  journal.close();
  closeSync(other);
  assert.equal(await readFile(join(directory, "other.txt"), "utf8"), "");
});

test("a journal whose file is gone from the process can still be closed", async (context) => {
  const journal = new Journal(new SpoolDirectory(await temporaryDirectory(context)));
  // Stands for a network disk that tells only when a file is closed that it is full.
  closeSync((journal as unknown as { descriptor: number }).descriptor);
  assert.equal(journal.close(), 0);
});

test("lines longer than the reading window are read whole", async (context) => {
  const spool = new SpoolDirectory(await temporaryDirectory(context));
  const journal = new Journal(spool);
  const long: JournalEvent = { type: "tags", entries: [["note", "x".repeat(3_000_000)]] };
  for (const event of [long, events[3]!]) journal.append(event);
  journal.close();
  const first = await readJournal(spool.journal, 0);
  const second = await readJournal(spool.journal, first.end);
  assert.deepEqual(
    [...first.entries, ...second.entries].map(({ event }) => event),
    [long, events[3]],
  );
});
