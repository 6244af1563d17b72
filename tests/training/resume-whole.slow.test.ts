/** @module A run that is killed at random moments. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Random } from "../../src/random/index";
import { assertSame, train, untouchedRun, whenCheckpointed } from "../support/stopped-training";

test("a run killed with -9 at random moments ends with the same bytes as one that was not", async (context) => {
  const { data, folder, whole } = await untouchedRun(context);
  const run = join(folder, "killed");
  const seed = Date.now();
  const random = new Random(seed);
  let killed = 0;
  for (let part = 0; part < 3; part++) {
    const { status, stderr } = await train(data, run, part ? ["--resume"] : [], (kill) => {
      whenCheckpointed(run, () => setTimeout(() => kill("SIGKILL"), random.uniform(0, 250)));
    });
    if (part > 0 && killed === part) assert.match(stderr, /^Resumed from /m, `seed ${seed}: ${stderr}`);
    if (status === null) killed++;
  }
  assert.ok(killed > 0, "the run was over before it could be killed");
  const { status, stderr } = await train(data, run, ["--resume"]);
  assert.equal(status, 0, `seed ${seed}: ${stderr}`);
  await assertSame(whole, run, `seed ${seed}`);
  const kept = (of: string) => readdirSync(join(of, "checkpoints"), { recursive: true }).sort();
  assert.deepEqual(kept(run), kept(whole));
});
