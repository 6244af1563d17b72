/** The processes in which a server reads slides for viewers. */
import assert from "node:assert/strict";
import { readdir, readlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { PictureReader } from "../../serve/server/slides/picture-reader";
import { picture, writeSlide } from "../support/slide-files";
import { type Answer, serveSlides, viewProcesses } from "../support/slide-server";
import { temporaryDirectory } from "../support/temporary-directory";

const LINUX = { skip: process.platform !== "linux" && "processes are read from /proc" };

test("a server's viewers", LINUX, async (t) => {
  // One server with slides that are predicted once: each of them starts two processes.
  // The server's end waits for a slide that is being opened as long as a request may take.
  const { images, server, ask, post, ended } = await serveSlides(t, {
    slides: { views: 2 },
    limits: { deadlineMs: 15_000 },
  });
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) {
    await writeSlide(join(images, `${i}.tif`), [picture(96, 64, i)]);
    ids.push((await post({ slide: `${i}.tif`, mpp: 0.5 })).body.id);
  }
  for (const id of ids) assert.equal((await ended(id)).status, "done");
  const noViews = async () => {
    for (const pid of await viewProcesses()) process.kill(pid, "SIGKILL");
    while ((await viewProcesses()).length > 0) await sleep(10);
    // Until the server knows.
    await sleep(50);
  };

  await t.test("the slides that were viewed last stay open, not all", async () => {
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
    while ((await open()).length > 2) await sleep(20);
    assert.deepEqual(await open(), ["2.tif", "4.tif"]);
    assert.deepEqual(
      (await openIn(process.pid)).filter((file) => file.startsWith(images)),
      [],
      "the server itself reads none",
    );
    assert.equal((await ask(`/slides/${ids[0]}/map`)).status, 200);
  });

  await t.test("more slides than there may be processes are not viewed at the same time", async () => {
    await noViews();
    const stopped: number[] = [];
    const asked: Promise<Response>[] = [];
    for (const id of ids.slice(0, 4)) {
      asked.push(fetch(`${server.url}/slides/${id}/tiles/0/0/0`));
      while ((await viewProcesses()).length === stopped.length) await sleep(1);
      const started = (await viewProcesses()).find((pid) => !stopped.includes(pid)) as number;
      process.kill(started, "SIGSTOP");
      stopped.push(started);
    }
    const { status, body, headers } = await ask(`/slides/${ids[4]}/map`);
    assert.deepEqual([status, body.code, headers.has("retry-after")], [503, "QUEUE_FULL", true]);
    assert.equal((await viewProcesses()).length, 4);
    for (const pid of stopped) process.kill(pid, "SIGCONT");
    for (const answer of await Promise.all(asked)) assert.equal(answer.status, 200);
    assert.equal((await ask(`/slides/${ids[4]}/map`)).status, 200);
  });

  await t.test("a crash of the viewer's decoder is an error of what was asked of it, and no more", async () => {
    await noViews();
    const tile = () => fetch(`${server.url}/slides/${ids[0]}/tiles/0/0/0`);
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
    assert.equal((await ask(`/slides/${ids[0]}/map`)).status, 200);
  });

  await t.test(
    "a server that ends waits no longer for a slide that is being opened than a request may take",
    async () => {
      await noViews();
      assert.equal((await ask(`/slides/${ids[1]}/map`)).status, 200);
      const [idle] = (await viewProcesses()) as [number];
      const asked = fetch(`${server.url}/slides/${ids[0]}/tiles/0/0/0`).catch(() => undefined);
      while ((await viewProcesses()).length === 1) await sleep(1);
      const opening = (await viewProcesses()).find((pid) => pid !== idle);
      process.kill(opening as number, "SIGSTOP");
      await server.close();
      assert.ok(!(await viewProcesses()).includes(idle));
      await asked;
      while ((await viewProcesses()).length > 0) await sleep(10);
    },
  );
});

test(
  "a slide may take longer to open than its tiles to be read; a process that answers nothing is ended",
  LINUX,
  async (t) => {
    const folder = await temporaryDirectory(t);
    const slide = await writeSlide(join(folder, "a.tif"), [picture(96, 64)]);
    let lost = 0;
    const reader = new PictureReader(() => lost++, { openingMs: 60_000, answerMs: 10 });
    t.after(() => reader.close());
    assert.ok((await reader.open(slide, folder, {})) > 0);
    const [viewer] = await viewProcesses();
    process.kill(viewer as number, "SIGSTOP");
    await assert.rejects(reader.tile(0, 0, 0), { code: "IMAGE_SOURCE_UNAVAILABLE" });
    assert.equal(lost, 1);
    while ((await viewProcesses()).length > 0) await sleep(10);
  },
);
