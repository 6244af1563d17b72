/** The processes in which a server reads slides for viewers. */
import assert from "node:assert/strict";
import { readdir, readlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { picture, writeSlide } from "../support/slide-files";
import { type Answer, serveSlides, viewProcesses } from "../support/slide-server";

test("the slides that were viewed last stay open, not all", { skip: process.platform !== "linux" }, async (t) => {
  const { images, ask, post, ended } = await serveSlides(t);
  const ids: string[] = [];
  for (let i = 0; i < 6; i++) {
    await writeSlide(join(images, `${i}.tif`), [picture(96, 64, i)]);
    ids.push((await post({ slide: `${i}.tif`, mpp: 0.5 })).body.id);
  }
  for (const id of ids) assert.equal((await ended(id)).status, "done");
  const openIn = async (pid: number) => {
    const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
    return Promise.all(names.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")));
  };
  const open = async () => {
    const files = (await Promise.all((await viewProcesses()).map(openIn))).flat();
    return files
      .filter((file) => file.startsWith(images))
      .map((file) => basename(file))
      .sort();
  };
  await Promise.all(ids.map((id) => ask(`/slides/${id}/map`)));
  for (const id of [...ids, ids[2]]) assert.equal((await ask(`/slides/${id}/map`)).status, 200);
  while ((await open()).length > 4) await sleep(20);
  assert.deepEqual(await open(), ["2.tif", "3.tif", "4.tif", "5.tif"]);
  assert.deepEqual(
    (await openIn(process.pid)).filter((file) => file.startsWith(images)),
    [],
    "the server itself reads none",
  );
  assert.equal((await ask(`/slides/${ids[0]}/map`)).status, 200);
});

test("a crash of the viewer's decoder is an error of what was asked of it, and no more", {
  skip: process.platform !== "linux" && "processes are read from /proc",
}, async (t) => {
  const { server, ask, post, ended } = await serveSlides(t);
  const { id } = (await post({ slide: "a.tif", mpp: 0.5 })).body;
  assert.equal((await ended(id)).status, "done");
  const tile = () => fetch(`${server.url}/slides/${id}/tiles/1/0/0`);
  assert.equal((await tile()).status, 200);
  const [viewer, ...others] = await viewProcesses();
  assert.deepEqual(others, []);
  // Stopped, it has the question when it crashes.
  process.kill(viewer as number, "SIGSTOP");
  const asked = tile();
  await sleep(200);
  process.kill(viewer as number, "SIGSEGV");
  process.kill(viewer as number, "SIGCONT");
  const lost = await asked;
  assert.equal(lost.status, 503);
  assert.ok(lost.headers.get("retry-after"));
  assert.equal(((await lost.json()) as Answer).code, "IMAGE_SOURCE_UNAVAILABLE");
  assert.equal((await ask("/readyz")).status, 200);
  assert.equal((await tile()).status, 200);
  const [next] = await viewProcesses();
  assert.notEqual(next, viewer);
  // While nobody looks.
  process.kill(next as number, "SIGKILL");
  while ((await viewProcesses()).length > 0) await sleep(10);
  await sleep(50);
  assert.equal((await ask(`/slides/${id}/map`)).status, 200);
  await server.close();
  assert.deepEqual(await viewProcesses(), []);
});
