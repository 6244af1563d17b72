import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, readFile, rename, rm } from "node:fs/promises";
import { Agent } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type PooledModel, type RunningServer, startServer } from "../../serve/server/index";
import { projectRoot } from "../../src/files/index";
import { Random } from "../../src/random/index";
import { exchange, mixedRequest, statusOf } from "../support/mixed-requests";
import { tile, writeModel, writeTiles } from "../support/served-model";
import { sharedDirectory } from "../support/temporary-directory";
import { badRequest } from "./fuzz";

const REQUESTS = Number(process.env.HISTO_LOAD_REQUESTS ?? 100_000);
const BAD_REQUESTS = Number(process.env.HISTO_FUZZ_REQUESTS ?? 10_000);
const RELOADS = 50;
const CLIENTS = 16;

/** Resident memory of a process in MiB. */
async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

describe("reliability", { skip: process.platform !== "linux" && "memory is read from /proc" }, () => {
  let directory: string;
  before(async () => {
    directory = sharedDirectory();
    await writeModel(join(directory, "model"));
    await writeTiles(join(directory, "tiles"), 12);
  });

  test(`${REQUESTS} mixed requests leave the memory of the server and its worker as it was`, async (t) => {
    const { child, url } = await serveProcess(directory);
    t.after(() => child.kill("SIGKILL"));
    const pids = [child.pid as number, ...(await childrenOf(child.pid as number))];
    assert.equal(pids.length, 2);
    const total = async () => (await Promise.all(pids.map(memoryOf))).reduce((sum, value) => sum + value, 0);
    const png = await tile(5);
    const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
    const random = new Random(1, "load");
    const statuses = new Map<number, number>();
    const burst = async (count: number) => {
      let left = count;
      await Promise.all(
        Array.from({ length: CLIENTS }, async () => {
          while (left-- > 0) {
            const status = await mixedRequest({ url, agent }, random, png);
            statuses.set(status, (statuses.get(status) ?? 0) + 1);
          }
        }),
      );
    };
    // The heaps find their size first.
    await burst(REQUESTS * 0.3);
    const samples: number[] = [];
    for (let i = 0; i < 10; i++) {
      await burst(REQUESTS * 0.07);
      samples.push(await total());
    }
    agent.destroy();
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const growth = mean(samples.slice(5)) / mean(samples.slice(0, 5)) - 1;
    t.diagnostic(
      `memory in MiB: ${samples.map((value) => value.toFixed(0)).join(" ")}; growth ${(growth * 100).toFixed(1)} %`,
    );
    t.diagnostic(`statuses: ${[...statuses].map(([status, count]) => `${status}: ${count}`).join(", ")}`);
    assert.ok(growth < 0.05);
    assert.ok([...statuses.keys()].every((status) => status < 500 || status === 503));
    assert.ok((statuses.get(200) ?? 0) > REQUESTS / 2);
  });

  test(`${BAD_REQUESTS} bad requests: no fault, no crash, and the next good one is answered`, async (t) => {
    const server = await startServer({
      models: [join(directory, "model")],
      images: join(directory, "tiles"),
      port: 0,
      headersTimeout: 1000,
      requestTimeout: 1500,
    });
    t.after(() => server.close());
    const pid = (server.models.get() as PooledModel).pids[0];
    const png = await tile(5);
    const outcomes = new Map<string, number>();
    let next = 0;
    await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        for (let i = next++; i < BAD_REQUESTS; i = next++) {
          const bad = badRequest(new Random(1, "fuzz", i), png, "MHIST_aaa.png");
          const status = statusOf(await exchange(server.url, bad.bytes));
          assert.ok(status < 500 || status === 503, `request ${i}, ${bad.kind}: ${status}`);
          outcomes.set(`${bad.kind} ${status}`, (outcomes.get(`${bad.kind} ${status}`) ?? 0) + 1);
          if (i % 500 === 0) assert.equal(await predict(server, png), 200);
        }
      }),
    );
    assert.equal(await predict(server, png), 200);
    assert.equal((server.models.get() as PooledModel).pids[0], pid, "the worker never died");
    t.diagnostic(
      [...outcomes]
        .sort()
        .map(([outcome, count]) => `${outcome}: ${count}`)
        .join(", "),
    );
  });

  test("a request that takes longer than ten seconds is answered by its model, though another replaces that meanwhile", async (t) => {
    const server = await startServer({ models: [join(directory, "model")], port: 0 });
    t.after(() => server.close());
    const [pid] = (server.models.get() as PooledModel).pids;
    process.kill(pid as number, "SIGSTOP");
    const answer = predict(server, await tile(5));
    const reloaded = server.reload();
    while ((server.models.get() as PooledModel).pids[0] === pid) await sleep(50);
    await sleep(11_000);
    process.kill(pid as number, "SIGCONT");
    assert.equal(await answer, 200);
    await reloaded;
  });

  test(`${RELOADS} reloads under load: no failed request, no more memory`, async (t) => {
    await writeModel(join(directory, "other"), { seed: 9 });
    const served = join(directory, "served");
    await cp(join(directory, "model"), served, { recursive: true });
    const server = await startServer({ models: [served], port: 0 });
    t.after(() => server.close());
    const png = await tile(5);
    let stop = false;
    const statuses = new Set<number>();
    const load = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (!stop) statuses.add(await predict(server, png));
      }),
    );
    const hashes = new Set<string>();
    const workers: number[] = [];
    const children: number[] = [];
    for (let i = 0; i < RELOADS; i++) {
      await cp(join(directory, i % 2 ? "model" : "other"), `${served}-next`, { recursive: true });
      await rename(served, `${served}-old`);
      await rename(`${served}-next`, served);
      await rm(`${served}-old`, { recursive: true });
      await server.reload();
      const model = server.models.get() as PooledModel;
      hashes.add(model.sha256);
      workers.push(await memoryOf(model.pids[0] as number));
      children.push((await childrenOf(process.pid)).length);
    }
    stop = true;
    await load;
    t.diagnostic(`worker memory in MiB: first ${workers[0]?.toFixed(0)}, last ${workers.at(-1)?.toFixed(0)}`);
    assert.deepEqual([...statuses], [200]);
    assert.equal(hashes.size, 2);
    assert.equal(children.at(-1), children[0], "old workers are gone");
    assert.ok((workers.at(-1) as number) < (workers[0] as number) * 1.2);
  });
});

async function serveProcess(directory: string): Promise<{ child: ChildProcess; url: string }> {
  const options = ["--model", join(directory, "model"), "--images", join(directory, "tiles"), "--port", "0"];
  const argv = [
    join(projectRoot(), "bin", "histo.cjs"),
    "serve",
    ...options,
    "--json",
    "--quiet",
    "--log-level",
    "silent",
  ];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return { child, url: JSON.parse(line).url };
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").filter(Boolean).map(Number);
}

async function predict({ url }: RunningServer, png: Buffer): Promise<number> {
  const response = await fetch(`${url}/predict`, {
    method: "POST",
    body: png as BodyInit,
    headers: { "content-type": "image/png" },
  });
  await response.arrayBuffer();
  return response.status;
}
