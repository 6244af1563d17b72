/** @module Slides through a real Redis: workers that are killed or stopped lose nothing, and nothing is predicted twice. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { projectRoot } from "../../src/files/index";
import { closeQueue, jobOptions, openQueue, parseRedisUrl } from "../../src/queue/index";
import type { SlidesResult } from "../../src/slide/index";
import type { SlideQueue } from "../../src/slide/queue/protocol";
import { histo } from "../support/histo";
import { type RedisServer, startRedis, withoutRedis } from "../support/redis";
import { writeModel } from "../support/served-model";
import { picture, writeSlide } from "../support/slide-files";
import { temporaryDirectory } from "../support/temporary-directory";

const FILES = ["tiles.csv", "slide.json", "heatmap.png", "tiles.geojson"];
const NAMES = ["a.tif", "b.tif", "c.tif"];

describe("slides in a queue", { skip: withoutRedis() }, () => {
  let redis: RedisServer;
  before(async () => {
    redis = await startRedis();
  });
  beforeEach(() => void redis.cli("flushall"));
  after(() => redis.stop());

  /** Starts a command that ends with the test. */
  function start(t: TestContext, ...argv: readonly string[]) {
    const child = spawn(process.execPath, [join(projectRoot(), "bin", "histo.cjs"), ...argv]);
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (text) => {
      stdout += text;
    });
    child.stderr.on("data", (text) => {
      stderr += text;
    });
    t.after(() => child.kill("SIGKILL"));
    const ended = once(child, "exit").then(([status]) => ({ status: status as number | null, stdout, stderr }));
    return { child, ended, stderr: () => stderr };
  }
  const worker = (t: TestContext) =>
    start(t, "worker", "--slides", "--redis", redis.url, "--lost-after", "2", "--idle", "60", "--json");

  /** Three slides, the same predicted here, and a command that hands them out. */
  async function work(t: TestContext) {
    const directory = await temporaryDirectory(t);
    const slides = join(directory, "slides");
    await mkdir(slides);
    for (const [i, name] of NAMES.entries()) await writeSlide(join(slides, name), [picture(1600, 1100, i)]);
    const model = await writeModel(join(directory, "model"), { hidden: [1024, 64] });
    const options = [slides, "--model", model, "--mpp", "0.5", "--json", "--quiet"];
    const [here, out] = [join(directory, "here"), join(directory, "out")];
    assert.equal(histo("slide", ...options, "--out", here).status, 0);
    const same = async () => {
      assert.deepEqual(await readFile(join(out, "slides.csv")), await readFile(join(here, "slides.csv")));
      for (const file of NAMES.flatMap((name) => FILES.map((part) => join(name, part)))) {
        assert.deepEqual(await readFile(join(out, file)), await readFile(join(here, file)), file);
      }
    };
    return { out, same, handOut: () => start(t, "slide", ...options, "--out", out, "--redis", redis.url) };
  }

  const blocks = (out: string, name: string) => {
    const journal = join(out, name, "answers.jsonl");
    return existsSync(journal) ? readFileSync(journal, "utf8").split("\n").length - 2 : 0;
  };
  /** Waits until a worker is in the middle of a slide. */
  async function middle(out: string, child: ChildProcess): Promise<string> {
    for (;;) {
      assert.equal(child.exitCode, null, "the worker ended");
      const name = NAMES.find((one) => blocks(out, one) >= 2);
      if (name) return name;
      await sleep(5);
    }
  }

  for (const [signal, what] of [
    ["SIGKILL", "killed"],
    ["SIGTERM", "stopped"],
  ] as const) {
    test(`a worker that is ${what} loses nothing: another goes on, and the results are those of one machine`, async (t) => {
      const { out, same, handOut } = await work(t);
      const handing = handOut();
      const first = worker(t);
      const name = await middle(out, first.child);
      first.child.kill(signal);
      const kept = blocks(out, name);
      assert.equal((await first.ended).status, signal === "SIGKILL" ? null : 130);
      const second = worker(t);
      const { status, stdout, stderr } = await handing.ended;
      assert.equal(status, 0, stderr + second.stderr());
      await same();
      const { slides } = JSON.parse(stdout) as SlidesResult;
      // A block has up to 256 tiles, and none of them was predicted again.
      const { resumedTiles = 0 } = slides.find(({ slide }) => slide === name) ?? {};
      assert.ok(resumedTiles > 256 * (kept - 1), `${resumedTiles} of ${kept} blocks`);

      // Asked again, everything is there.
      const again = JSON.parse((await handOut().ended).stdout) as SlidesResult;
      assert.ok(again.slides.every(({ resumedTiles: there, tissueTiles }) => there === tissueTiles));
      second.child.kill("SIGTERM");
      await second.ended;
    });
  }

  test("a worker without work ends when its time is over, not when a lost one would have", async (t) => {
    const started = performance.now();
    const idle = start(t, "worker", "--slides", "--redis", redis.url, "--idle", "1", "--json");
    assert.equal((await idle.ended).status, 0);
    assert.ok(performance.now() - started < 20_000, `${performance.now() - started}`);
  });

  test("a worker takes no slide of a version with other answers, and leaves it to a worker of that version", async (t) => {
    // As the version queued it that did not compare slides with the training tiles.
    const queue: SlideQueue = await openQueue(parseRedisUrl(redis.url), "histo-slides", () => undefined);
    t.after(() => closeQueue(queue));
    const { out, handOut } = await work(t);
    const settings = { model: join(out, "..", "model"), out: join(out, "a.tif") };
    const path = join(out, "..", "slides", "a.tif");
    await queue.add("slide", { protocol: 1, path, settings }, jobOptions("earlier"));
    const { status, stderr } = await worker(t).ended;
    assert.equal(status, 2, stderr);
    assert.match(stderr, /come from another version of this program/);
    assert.deepEqual(
      [await queue.getJobCountByTypes("waiting", "delayed", "prioritized"), existsSync(out)],
      [1, false],
    );
    handOut();
    while ((await queue.getJobCountByTypes("waiting", "delayed", "prioritized")) < 1 + NAMES.length) await sleep(50);
    const queued = (await queue.getJobs(["waiting", "delayed", "prioritized"])).filter(({ id }) => id !== "earlier");
    assert.ok(
      queued.every(({ data }) => data.protocol > 1),
      "so that a worker of that version refuses these",
    );
  });

  test("whoever hands out may be stopped and come back; an emptied Redis is filled again", async (t) => {
    const { out, same, handOut } = await work(t);
    const handing = handOut();
    const working = worker(t);
    await middle(out, working.child);
    handing.child.kill("SIGINT");
    assert.equal((await handing.ended).status, 130);
    assert.equal(redis.cli("llen", "bull:histo-slides:wait"), "0");
    const again = handOut();
    await middle(out, working.child);
    redis.cli("flushall");
    const { status, stderr } = await again.ended;
    assert.equal(status, 0, stderr);
    await same();
  });

  test("a slide that cannot be read spoils no other", async (t) => {
    const directory = await temporaryDirectory(t);
    const slides = join(directory, "slides");
    await mkdir(slides);
    await writeSlide(join(slides, "a.tif"), [picture(128, 96)]);
    await writeSlide(join(slides, "b.tif"), [picture(128, 96)], { density: 1 });
    const model = await writeModel(join(directory, "model"));
    const argv = ["slide", slides, "--model", model, "--out", join(directory, "out"), "--mpp", "0.5"];
    const handing = start(t, ...argv, "--redis", redis.url, "--json", "--quiet");
    worker(t);
    const { status, stdout, stderr } = await handing.ended;
    assert.equal(status, 1);
    assert.match(stderr, /b\.tif does not give its scale/);
    const result = JSON.parse(stdout) as SlidesResult;
    assert.deepEqual(
      [result.slides.map(({ slide }) => slide), result.failed.map(({ code }) => code)],
      [["a.tif"], ["SLIDE_SCALE_MISSING"]],
    );
  });
});
