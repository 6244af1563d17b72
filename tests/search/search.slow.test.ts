import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { projectRoot } from "../../src/files/index";
import type { SearchResult } from "../../src/search/index";
import { writeCsvSet } from "../support/data-sets";
import { type Finished, lastJson } from "../support/histo";
import { essence, until } from "../support/search";
import { temporaryDirectory } from "../support/temporary-directory";

const SPACE = `
size: 16
batch: 8
epochs: 6
precision: fp32
hidden: { choice: [[8], [16], [16, 8]] }
lr: { logUniform: [1e-4, 1e-2] }
`;

interface Setting {
  readonly folder: string;
  search(run: string, more?: readonly string[], during?: (pid: number) => void): Promise<Finished>;
}

/** A tiny data set, a space for it, and `histo search` on both. */
async function setting(context: TestContext): Promise<Setting> {
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 60);
  const space = join(folder, "tiny.yaml");
  await writeFile(space, SPACE);
  return {
    folder,
    search(run, more = [], during) {
      const args = ["search", "--data", data, "--space", space, "--run", join(folder, run), "--no-track", "--json"];
      const child = spawn(process.execPath, [join(projectRoot(), "bin", "histo.cjs"), ...args, ...more], {
        env: { ...process.env, HISTO_CACHE: join(folder, "cache") },
      });
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (text) => {
        stdout += text;
      });
      child.stderr.on("data", (text) => {
        stderr += text;
      });
      during?.(child.pid as number);
      return new Promise((resolve) => child.on("close", (status) => resolve({ status, stdout, stderr })));
    },
  };
}

function resultOf({ status, stdout, stderr }: Finished): SearchResult {
  assert.equal(status, 0, stderr);
  return lastJson(stdout);
}

function journalOf(run: string): { type: string; trial: number }[] {
  if (!existsSync(join(run, "journal.jsonl"))) return [];
  const lines = readFileSync(join(run, "journal.jsonl"), "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as { type: string; trial: number });
}

test("a search killed in the middle goes on, repeats nothing and ends as if it had not been killed", async (context) => {
  const { folder, search } = await setting(context);
  const whole = resultOf(await search("whole", ["--trials", "5"]));
  assert.equal(whole.finished, 5);
  const run = join(folder, "killed");
  const killed = await search("killed", ["--trials", "5"], (pid) => {
    const secondTrial = join(run, "trial-001", "checkpoints", "last", "manifest.json");
    void until(() => existsSync(secondTrial), "the second trial has a checkpoint").then(() =>
      process.kill(pid, "SIGKILL"),
    );
  });
  assert.equal(killed.status, null);
  const before = journalOf(run).filter(({ type }) => type === "finished").length;
  assert.ok(before >= 1 && before < 5, `${before} trials were finished when it was killed`);
  const resumed = resultOf(await search("killed", ["--trials", "5"]));
  assert.deepEqual(essence(resumed.leaderboard), essence(whole.leaderboard));
  const finished = journalOf(run).filter(({ type }) => type === "finished");
  assert.deepEqual(finished.map(({ trial }) => trial).sort(), [0, 1, 2, 3, 4]);
  assert.deepEqual(JSON.parse(readFileSync(join(run, "leaderboard.json"), "utf8")), resumed.leaderboard);

  const again = resultOf(await search("killed", ["--trials", "5"]));
  assert.deepEqual(again.leaderboard, resumed.leaderboard);
  assert.equal(journalOf(run).filter(({ type }) => type === "started").length, 5, "a finished search trains nothing");

  const other = await search("killed", ["--trials", "5", "--seed", "1"]);
  assert.equal(other.status, 2);
  assert.match(other.stderr, /another seed/);
});

test("two workers, one of them killed with SIGKILL: no trial is lost and none is counted twice", async (context) => {
  const { folder, search } = await setting(context);
  const run = join(folder, "two");
  let victim = 0;
  const ended = await search("two", ["--trials", "6", "--workers", "2"], (pid) => {
    void until(() => existsSync(join(run, "trial-001", "config.json")), "the second trial runs").then(() => {
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
      victim = children.at(-1) as number;
      process.kill(victim, "SIGKILL");
    });
  });
  const result = resultOf(ended);
  assert.ok(victim > 0);
  assert.match(ended.stderr, /worker ended during a trial/);
  assert.equal(result.finished, 6);
  assert.deepEqual(result.leaderboard.map(({ trial }) => trial).sort(), [0, 1, 2, 3, 4, 5]);
});

test("halving ends poor trials at a rung", async (context) => {
  const { search } = await setting(context);
  const result = resultOf(
    await search("halved", [
      "--trials",
      "6",
      "--halving",
      "--min-epochs",
      "2",
      "--reduction",
      "2",
      "--sampler",
      "random",
    ]),
  );
  const stopped = result.leaderboard.filter(({ stoppedEarly }) => stoppedEarly);
  assert.equal(result.stoppedEarly, stopped.length);
  assert.ok(stopped.length >= 1, JSON.stringify(result.leaderboard));
  assert.ok(stopped.every(({ epochs }) => epochs === 2 || epochs === 4));
  assert.ok(result.leaderboard.some(({ epochs }) => epochs === 6));
});

test("what cannot be searched is said before anything is written", async (context) => {
  const { folder, search } = await setting(context);
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [["--objective", "auc"], /--objective auc is not one of loss, rocAuc/],
    [["--sampler", "grid"], /lr: a grid needs a choice/],
    [["--reduction", "3"], /need --halving/],
    [["--data", join(folder, "nowhere")], /nowhere/],
    [["--space", "mpl"], /presets: mlp/],
  ];
  for (const [more, message] of wrong) {
    const { status, stderr } = await search("wrong", more);
    assert.equal(status, 2, stderr);
    assert.match(stderr, message);
  }
  assert.ok(!existsSync(join(folder, "wrong")));
});
