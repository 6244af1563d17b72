import assert from "node:assert/strict";
import { readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { DEFAULT_ENGINE_OPTIONS } from "../../serve/core/index";
import { PooledModel } from "../../serve/server/index";
import { tile, writeModel } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";

interface Started {
  readonly model: PooledModel;
  readonly directory: string;
  /** Why workers were lost. */
  readonly losses: string[];
}

async function start(t: TestContext, workers = 1, hungSeconds?: number, maxQueue = 256): Promise<Started> {
  const directory = await writeModel(join(await temporaryDirectory(t), "model"));
  const losses: string[] = [];
  const options = { name: "mlp", directory, engine: { ...DEFAULT_ENGINE_OPTIONS, maxQueue }, hungSeconds };
  const model = await PooledModel.start({ ...options, onLost: (reason) => losses.push(reason) }, workers);
  t.after(() => model.close(0));
  return { model, directory, losses };
}

/** Kills a worker and waits until the model knows. */
async function kill({ model, losses }: Started, worker = 0): Promise<void> {
  const before = losses.length;
  process.kill(model.pids[worker] as number, "SIGKILL");
  while (losses.length === before) await sleep(1);
}

/** The code of what a promise is refused with, `answered` where it is not. */
const outcome = (answer: Promise<unknown>) =>
  answer.then(
    () => "answered",
    ({ code }) => code as string,
  );

test("work that comes while a lost worker starts again waits for it", async (t) => {
  const started = await start(t);
  const image = await tile(1);
  await kill(started);
  const atOnce = started.model.predict(image);
  while (started.model.pids.length === 0) await sleep(1);
  const whileLoading = started.model.predict(image);
  assert.deepEqual(await Promise.all([outcome(atOnce), outcome(whileLoading)]), ["answered", "answered"]);
});

test("a worker of a small model asks for large pages", {
  skip: process.platform !== "linux" && "only Linux tells the variables of a process",
}, async (t) => {
  const { model } = await start(t);
  const variables = await readFile(`/proc/${model.pids[0]}/environ`, "utf8");
  assert.match(variables, /GLIBC_TUNABLES=[^\0]*glibc\.malloc\.hugetlb=/);
});

test("nobody waits for a lost worker while another is ready", async (t) => {
  const started = await start(t, 2);
  const image = await tile(1);
  const [lost, other] = started.model.pids;
  await kill(started);
  while (started.model.pids.length < 2) {
    assert.equal(await outcome(started.model.predict(image)), "answered");
    await sleep(1);
  }
  assert.ok(!started.model.pids.includes(lost as number));
  const loading = started.model.pids.find((pid) => pid !== other) as number;
  process.kill(loading, "SIGSTOP");
  assert.equal(await outcome(started.model.predict(image)), "answered");
  process.kill(loading, "SIGCONT");
});

test("who stops waiting for a worker leaves the queue", async (t) => {
  const started = await start(t);
  const image = await tile(1);
  await kill(started);
  const controller = new AbortController();
  const waiting = outcome(started.model.predict(image, controller.signal));
  controller.abort();
  assert.equal(await waiting, "DEADLINE_EXCEEDED");
  assert.equal(await outcome(started.model.predict(image)), "answered");
});

test("a worker that stops answering is replaced, one that has nothing to do is not", async (t) => {
  const { model, losses } = await start(t, 1, 0.3);
  const image = await tile(1);
  assert.equal(await outcome(model.predict(image)), "answered");
  await sleep(1000);
  assert.equal(losses.length, 0);
  process.kill(model.pids[0] as number, "SIGSTOP");
  const controller = new AbortController();
  const impatient = outcome(model.predict(image, controller.signal));
  controller.abort();
  assert.equal(await impatient, "DEADLINE_EXCEEDED");
  assert.equal(await outcome(model.predict(image)), "MODEL_UNAVAILABLE");
  assert.match(losses.join(), /answered nothing for 0\.3 s/);
  assert.equal(await outcome(model.predict(image)), "answered");
});

test("waiting explanations leave room for predictions", async (t) => {
  const { model } = await start(t, 1, undefined, 8);
  const image = await tile(1);
  const explained = Array.from({ length: 8 }, () => outcome(model.explain(image, 2)));
  await model.verifyGolden();
  const predicted = Array.from({ length: 4 }, () => outcome(model.predict(image)));
  assert.deepEqual(await Promise.all(predicted), Array(4).fill("answered"));
  assert.deepEqual((await Promise.all(explained)).sort(), [
    ...Array(6).fill("QUEUE_FULL"),
    ...Array(2).fill("answered"),
  ]);
});

test("waiting pictures to be predicted by tiles leave room for predictions", async (t) => {
  const { model } = await start(t, 1, undefined, 8);
  const [image, picture] = [await tile(1), await tile(2, 2000)];
  const byTiles = Array.from({ length: 8 }, () => outcome(model.predictTiled(picture)));
  await model.verifyGolden();
  const predicted = Array.from({ length: 4 }, () => outcome(model.predict(image)));
  assert.deepEqual(await Promise.all(predicted), Array(4).fill("answered"));
  assert.deepEqual((await Promise.all(byTiles)).sort(), [...Array(6).fill("QUEUE_FULL"), ...Array(2).fill("answered")]);
});

test("a model that cannot be loaded for a while is back when its files are", async (t) => {
  const started = await start(t);
  const { model, directory, losses } = started;
  const image = await tile(1);
  await rename(directory, `${directory}-away`);
  await kill(started);
  assert.equal(await outcome(model.predict(image)), "MODEL_UNAVAILABLE");
  while (losses.length < 3) await sleep(5);
  assert.match(losses[1] as string, /model does not exist/, "it is said why");
  await rename(`${directory}-away`, directory);
  const back = performance.now();
  while ((await outcome(model.predict(image))) !== "answered") await sleep(10);
  assert.ok(performance.now() - back < 5000, `back after ${performance.now() - back} ms`);
});

test("a lost worker's model is not replaced by another one without being asked", async (t) => {
  const started = await start(t);
  const { model, directory, losses } = started;
  const image = await tile(1);
  const { logit } = await model.predict(image);
  const other = await writeModel(`${directory}-other`, { seed: 9 });
  await rename(directory, `${directory}-away`);
  await rename(other, directory);
  assert.equal((await model.verifyGolden()).status, "passed", "what is loaded answers as before");
  await kill(started);
  assert.equal(await outcome(model.predict(image)), "MODEL_UNAVAILABLE");
  while (losses.length < 2) await sleep(5);
  assert.match(losses[1] as string, /another model .*SIGHUP/);
  await rename(directory, other);
  await rename(`${directory}-away`, directory);
  while ((await outcome(model.predict(image))) !== "answered") await sleep(10);
  assert.equal((await model.predict(image)).logit, logit);
});

test("where no process can be started, work is refused, and done once one can", async (t) => {
  const started = await start(t);
  const image = await tile(1);
  const node = process.execPath;
  t.after(() => {
    process.execPath = node;
  });
  process.execPath = join(started.directory, "no-program");
  const options = { name: "mlp", directory: started.directory, engine: DEFAULT_ENGINE_OPTIONS };
  await assert.rejects(PooledModel.start(options), { code: "MODEL_WORKER_LOST" });
  await kill(started);
  assert.equal(await outcome(started.model.predict(image)), "MODEL_UNAVAILABLE");
  process.execPath = node;
  while ((await outcome(started.model.predict(image))) !== "answered") await sleep(10);
});
