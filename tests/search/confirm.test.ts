import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { silentProgress } from "../../src/progress/index";
import { onPixels, parseSpace, searchesSubspace } from "../../src/search/index";
import { SearchJournal } from "../../src/search/journal";
import { createSampler } from "../../src/search/samplers";
import { Search } from "../../src/search/search";
import { MachineFault } from "../../src/search/trial";
import type { TrialPool, TrialRunner } from "../../src/search/workers";
import { temporaryDirectory } from "../support/temporary-directory";

test("a space has trials in the subspace where its stem is that, always or sometimes", () => {
  const stems = ["subspace", "pixels", { choice: ["pixels", "subspace"] }, { choice: ["pixels"] }];
  assert.deepEqual(
    stems.map((stem) => searchesSubspace(parseSpace({ stem }))),
    [true, false, true, false],
  );
  assert.equal(searchesSubspace(parseSpace({})), false);
});

test("on pixels the learning rate keeps its ratio to the automatic one", () => {
  const options = { data: "d", size: 224, stem: "subspace", rank: 64, hidden: [8], dropout: 0.2 } as const;
  assert.deepEqual(onPixels(options), {
    ...{ data: "d", size: 224, stem: "pixels", hidden: [8], dropout: 0.2, lr: "auto" },
  });
  const automatic = 3 / (3 * 224 ** 2);
  assert.ok(Math.abs((onPixels({ ...options, lr: 6e-4 }).lr as number) - 2 * automatic) < 1e-12);
  assert.equal(onPixels({ ...options, lr: 0.02, optimizer: "sgd" }).lr, 0.02);
});

test("no worker starts a further training on pixels after another found the machine at fault", async (context) => {
  const directory = await temporaryDirectory(context);
  const space = parseSpace({ stem: "subspace", hidden: [4], seed: { choice: [0, 1, 2] } });
  const journal = await SearchJournal.open(join(directory, "journal.jsonl"));
  context.after(() => journal.close());
  const outcome = {
    ...{ value: 0.8, interval: [0.7, 0.9] as const, architecture: "8-4-1", parameters: 41 },
    epochs: 1,
  };
  const result = { ...outcome, bestEpoch: 1, seconds: 1, stoppedEarly: false };
  for (const trial of [0, 1, 2]) {
    await journal.append({ type: "started", trial, settings: { seed: trial } });
    await journal.append({ type: "finished", trial, outcome: result });
  }
  const search = new Search({
    ...{ directory, journal, trials: 3, keepBest: 3, progress: silentProgress, signal: new AbortController().signal },
    ...{ objective: { metric: "rocAuc", mode: "max" }, sampler: createSampler("grid", space, 0) },
    settings: { data: directory, dataset: {}, space, objective: "rocAuc", sampler: "grid", seed: 0, halving: null },
    parent: undefined,
    subspaceDirectory: undefined,
  });
  const started: number[] = [];
  let broken: () => void;
  const hasBroken = new Promise<void>((resolve) => {
    broken = resolve;
  });
  const faulty: TrialRunner = {
    async run({ trial }) {
      started.push(trial);
      broken();
      throw new MachineFault("The disk is full.");
    },
  };
  const sound: TrialRunner = {
    async run({ trial }) {
      started.push(trial);
      await hasBroken;
      return result;
    },
  };
  const pool: TrialPool = {
    begin: async () => undefined,
    close: async () => undefined,
    async each(work) {
      const ended = await Promise.allSettled([faulty, sound].map(work));
      assert.ok(
        ended.every(({ status }) => status === "rejected"),
        JSON.stringify(ended),
      );
      throw (ended[0] as PromiseRejectedResult).reason;
    },
  };
  await assert.rejects(search.confirm(pool, 3), { code: "SEARCH_STOPPED" });
  assert.deepEqual(started, [0, 1]);
});
