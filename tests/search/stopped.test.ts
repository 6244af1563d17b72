import assert from "node:assert/strict";
import { renameSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { LATEST_READING } from "../../src/dataset/index";
import { readJson, writeJson } from "../../src/files/index";
import { silentProgress } from "../../src/progress/index";
import type { RunConfig } from "../../src/runs/index";
import { parseSpace, runSearch } from "../../src/search/index";
import type { SearchSettings } from "../../src/search/settings";
import { writeCsvSet } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

test("a search whose images go out of reach stops, counts no trial as failed, and continues later", async (context) => {
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 40);
  const run = join(folder, "search");
  const space = parseSpace({ hidden: [4], size: 16, epochs: 1, seed: { choice: [0, 1, 2] } });
  const search = (say: (line: string) => void) =>
    runSearch({ data, space, run, trials: 3, sampler: "grid", progress: { ...silentProgress, say } });
  const away = `${data}-away`;
  const first = search((line) => {
    if (line.startsWith("Trial 0: ") && line.includes("(3 in all)")) renameSync(data, away);
  });
  await assert.rejects(first, { code: "SEARCH_STOPPED", message: /data does not exist\..* repeat the command/ });
  assert.doesNotMatch(await readFile(join(run, "journal.jsonl"), "utf8"), /"failed"/);
  renameSync(away, data);
  const { finished, failed } = await search(() => undefined);
  assert.deepEqual([finished, failed], [3, 0]);
});

test("the trials of a search read the data set as the version did that began it", async (context) => {
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 40);
  const run = join(folder, "search");
  const space = parseSpace({ hidden: [4], size: 16, epochs: 1, seed: { choice: [0, 1] } });
  await runSearch({ data, space, run, trials: 1, sampler: "grid" });
  const settings = join(run, "search.json");
  const { reading, ...earlier } = await readJson<SearchSettings>(settings);
  await writeJson(settings, earlier);
  await runSearch({ data, space, run, trials: 2, sampler: "grid" });
  const configs = ["trial-000", "trial-001"].map((name) => readJson<RunConfig>(join(run, name, "config.json")));
  const read = (await Promise.all(configs)).map((config) => config.reading);
  assert.deepEqual([reading, ...read], [LATEST_READING, LATEST_READING, 1]);
});
