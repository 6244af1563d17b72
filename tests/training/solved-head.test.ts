import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { silentProgress } from "../../src/progress/index";
import { Random } from "../../src/random/index";
import { solvedHead } from "../../src/training/solved-head";
import { fitLogistic } from "../support/logistic";
import { temporaryDirectory } from "../support/temporary-directory";

const [COUNT, WIDTH, PENALTIES] = [60, 5, [1, 10, 100]];

function examples(seed: number) {
  const random = new Random(seed);
  const labels = Uint8Array.from({ length: COUNT }, (_, i) => i % 2);
  const x = Float32Array.from({ length: COUNT * WIDTH }, (_, i) =>
    random.normal(i % WIDTH ? 0 : labels[i / WIDTH]!, 1),
  );
  return { x, labels, penalties: PENALTIES };
}

/** A context that notes how many fits are done, of how many. */
function watched(onUpdate: (done: number) => void = () => undefined) {
  const seen: [done: number, total: number][] = [];
  const start = (_: string, total: number) => ({
    update(done: number) {
      seen.push([done, total]);
      onUpdate(done);
    },
    finish: () => undefined,
  });
  return { seen, progress: { ...silentProgress, start } };
}

test("a head is solved once for the same features and labels, and says how far it is", async (context) => {
  const folder = await temporaryDirectory(context);
  process.env.HISTO_CACHE = folder;
  const own = examples(1);
  const [first, again, other] = [watched(), watched(), watched()];
  const solved = await solvedHead(own, first);
  assert.deepEqual(solved, fitLogistic(own.x, own.labels, PENALTIES));
  assert.deepEqual(first.seen[0], [0, 16], "five folds for each penalty, and the fit to all");
  assert.deepEqual(first.seen.at(-1), [15, 16]);
  assert.deepEqual(await solvedHead(own, again), solved);
  assert.deepEqual(again.seen, []);
  const { labels } = examples(1);
  await solvedHead({ ...own, labels: labels.reverse() }, other);
  assert.equal(other.seen.length, 16, "other labels, another head");
  const heads = join(folder, "heads");
  for (const damaged of ['{"torn', "{}", "null", "[]", '{"value":{"weights":[1],"bias":0,"penalty":1}}']) {
    for (const name of readdirSync(heads)) writeFileSync(join(heads, name), damaged);
    assert.deepEqual(await solvedHead(own, watched()), solved, damaged);
    const kept = watched();
    assert.deepEqual(await solvedHead(own, kept), solved);
    assert.deepEqual(kept.seen, [], "it is kept again");
  }
});

test("Ctrl-C ends the solving of a head, which leaves nothing behind", async (context) => {
  process.env.HISTO_CACHE = await temporaryDirectory(context);
  const controller = new AbortController();
  const stopping = watched((done) => done === 3 && controller.abort());
  await assert.rejects(solvedHead(examples(2), { ...stopping, signal: controller.signal }), { name: "AbortError" });
  assert.equal(stopping.seen.length, 4);
  assert.deepEqual(readdirSync(process.env.HISTO_CACHE as string), []);
});
