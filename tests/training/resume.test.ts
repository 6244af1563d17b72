import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { writeCsvSet } from "../support/data-sets";
import { histoHere } from "../support/histo";
import { assertSame, ended, train, trainArguments, untouchedRun, whenCheckpointed } from "../support/stopped-training";
import { temporaryDirectory } from "../support/temporary-directory";

test("Ctrl-C saves, ends with 130 and says how to go on; a torn checkpoint falls back to the one before", async (context) => {
  const { data, folder, whole } = await untouchedRun(context);
  const run = join(folder, "stopped");
  const { status, stderr } = await train(data, run, [], (kill) => {
    whenCheckpointed(run, () => setTimeout(() => kill("SIGINT"), 100));
  });
  assert.equal(status, 130, stderr);
  assert.match(stderr, /--resume/);
  const torn = join(run, "checkpoints", "last", "weights.safetensors");
  await truncate(torn, Math.floor(readFileSync(torn).length / 2));
  // A resumed run takes what is not said from its configuration.
  const bare = ["train", "--run", run, "--resume", "--no-track", "--export", "none"];
  const resumed = await ended(bare, join(folder, "cache"));
  assert.equal(resumed.status, 0, resumed.stderr);
  assert.match(resumed.stderr, /last is not usable: weights.safetensors is damaged.*Resumed from .*previous/);
  await assertSame(whole, run);
});

test("Ctrl-C reaches the training of a fold twice, and it saves nevertheless", async (context) => {
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 60);
  const run = join(folder, "folds");
  const long = ["--folds", "2", "--epochs", "5000"];
  const { status, stderr } = await train(data, run, long, (kill) => {
    whenCheckpointed(join(run, "fold-1"), () => kill("SIGINT"));
  });
  assert.equal(status, 130, stderr);
  assert.match(stderr, /^Training: stopped /m);
  assert.match(stderr, /^histo: Stopped; repeat the command with --run .*folds to continue\./m);
  assert.doesNotMatch(stderr, /--resume/, "one fold alone");
});

test("the export of a resumed run suits its stem, which need not be repeated", async (context) => {
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 40);
  process.env.HISTO_CACHE = join(folder, "cache");
  const run = join(folder, "run");
  const network = ["--size", "16", "--stem", "subspace", "--rank", "4", "--hidden", "8", "--epochs", "1"];
  const first = await histoHere("train", "--data", data, "--run", run, ...network, "--no-track", "--export", "none");
  assert.equal(first.status, 0, first.stderr);
  const second = await histoHere("train", "--run", run, "--resume", "--no-track");
  assert.equal(second.status, 0, second.stderr);
  const card = JSON.parse(readFileSync(join(run, "model", "model.json"), "utf8")) as { variant: string };
  assert.equal(card.variant, "compact");
});

test("a run is neither overwritten nor resumed with other options", async (context) => {
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 40);
  const run = join(folder, "run");
  await train(data, run, [], (kill) => whenCheckpointed(run, () => kill("SIGINT")));
  process.env.HISTO_CACHE = join(folder, "cache");
  const again = await histoHere(...trainArguments(data, run));
  assert.equal(again.status, 2);
  assert.match(again.stderr, /^histo: --run .* holds a run already; add --resume or choose another\.$/m);
  const config = readFileSync(join(run, "config.json"), "utf8");
  const other = await histoHere(...trainArguments(data, run, "--resume", "--seed", "5", "--lr", "0.5"));
  assert.equal(other.status, 2);
  assert.match(other.stderr, /--resume: .* other options/);
  assert.equal(readFileSync(join(run, "config.json"), "utf8"), config, "a refused resumption leaves the run as it was");
});

test("a network that does not fit in memory is refused before anything is written", async (context) => {
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 40);
  process.env.HISTO_CACHE = join(folder, "cache");
  const args = ["train", "--data", data, "--run", join(folder, "run"), "--size", "8192", "--hidden", "2352"];
  const { status, stderr } = await histoHere(...args);
  assert.equal(status, 2);
  assert.match(stderr, /^histo: --size 8192 with --hidden 2352 needs .* GB of memory .* --stem subspace\.$/m);
  assert.deepEqual(readdirSync(folder), ["data"]);
});
