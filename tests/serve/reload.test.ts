/** @module Models that are replaced while a server runs. */
import assert from "node:assert/strict";
import { appendFile, cp, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type PooledModel, startServer } from "../../serve/server/index";
import { modelSha256, readModelDirectory } from "../../src/model-directory/model-directory";
import { send, serve } from "../support/running-server";
import { tile, writeModel } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";

test("a model is replaced without a failed request, and a damaged one is not taken", async (t) => {
  const { url, directory, reload } = await serve(t);
  const image = await tile(1);
  const sha = async () => (await (await send(url, image)).json()).model_sha256;
  const before = await sha();
  await writeModel(join(directory, "next"), { seed: 5 });
  await rename(join(directory, "model"), join(directory, "old"));
  await cp(join(directory, "next"), join(directory, "model"), { recursive: true });
  let stop = false;
  const statuses = new Set<number>();
  const load = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (!stop) statuses.add((await send(url, image)).status);
    }),
  );
  await reload();
  const after = await sha();
  assert.notEqual(after, before);
  await appendFile(join(directory, "model", "model.onnx"), "x");
  await assert.rejects(reload(), { code: "MODEL_CORRUPT" });
  stop = true;
  await load;
  assert.deepEqual([...statuses], [200]);
  assert.equal(await sha(), after);
});

test("models that are replaced twice at the same time, or while the server stops, leave no process behind", async (t) => {
  const directory = await temporaryDirectory(t);
  const model = await writeModel(join(directory, "model"));
  const processes = () => process.getActiveResourcesInfo().filter((resource) => resource === "ProcessWrap").length;
  // An ended process is forgotten a little later.
  const areLeft = async (count: number) => {
    for (let i = 0; i < 2000 && processes() !== count; i++) await sleep(10);
    assert.equal(processes(), count);
  };
  const before = processes();
  const server = await startServer({ models: [model], port: 0, lingerMs: 300 });
  t.after(() => server.close());
  await Promise.all([server.reload(), server.reload()]);
  await areLeft(before + 1);
  const ending = Promise.all([server.reload(), server.close()]);
  await server.close();
  await assert.rejects(fetch(server.url), "who asks again waits too");
  await ending;
  await areLeft(before);
});

test("asked to reload again and again, the server ends with one worker for the newest model", async (t) => {
  const { models, directory, reload } = await serve(t, { workers: 1 });
  const workers = async () => (await readFile(`/proc/${process.pid}/task/${process.pid}/children`, "utf8")).trim();
  const before = (models.get() as PooledModel).pids[0];
  const others = (await workers()).split(" ").filter((pid) => pid !== String(before));
  const first = reload();
  await writeModel(join(directory, "next"), { seed: 5 });
  await rename(join(directory, "model"), join(directory, "old"));
  await cp(join(directory, "next"), join(directory, "model"), { recursive: true });
  const [second, third] = [reload(), reload()];
  assert.equal(second, third, "what is asked for during a round shares the next");
  await Promise.allSettled([first, second]);
  const sha = modelSha256((await readModelDirectory(join(directory, "model"))).card.files ?? {});
  assert.equal(models.get().sha256, sha);
  assert.deepEqual(
    (await workers()).split(" ").filter((pid) => !others.includes(pid)),
    [String((models.get() as PooledModel).pids[0])],
  );
});
