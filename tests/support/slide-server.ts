/** @module A server with a folder of slides, and its processes that read them for viewers. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type ServerOptions, startServer } from "../../serve/server/index";
import { type Familiarity, fitFamiliarity, lookOf } from "../../src/familiar/index";
import { Random } from "../../src/random/index";
import { type TestModel, writeModel } from "./served-model";
import { picture, shrunk, writeSlide } from "./slide-files";
import { temporaryDirectory } from "./temporary-directory";

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into key by key
export type Answer = any;

/** Starts a server with the slide `a.tif`, and gives what a client needs. */
export async function serveSlides(t: TestContext, options: Partial<ServerOptions> = {}, model: TestModel = {}) {
  const directory = await temporaryDirectory(t);
  const images = join(directory, "images");
  await mkdir(images);
  const whole = picture(700, 500);
  await writeSlide(join(images, "a.tif"), [whole, shrunk(whole, 2)], { deflate: true });
  const models = [await writeModel(join(directory, "model"), model)];
  const server = await startServer({ port: 0, images, models, ...options });
  t.after(() => server.close());
  const ask = async (path: string, init?: RequestInit): Promise<{ status: number; body: Answer; headers: Headers }> => {
    const answer = await fetch(`${server.url}${path}`, init);
    return { status: answer.status, body: await answer.json(), headers: answer.headers };
  };
  const post = (body: object) =>
    ask("/slides", { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });
  const ended = async (id: string): Promise<Answer> => {
    for (;;) {
      const { body } = await ask(`/slides/${id}`);
      if (body.status !== "queued" && body.status !== "running") return body;
      await sleep(50);
    }
  };
  return { directory, images, server, ask, post, ended };
}

/** Statistics of noise, which no slide looks like. */
export function familiarNoise(size = 32): Familiarity {
  const random = new Random(1, "noise");
  const noise = () => Uint8Array.from({ length: size * size * 3 }, () => random.integer(256));
  const looks = Array.from({ length: 80 }, () => lookOf(noise(), size));
  return fitFamiliarity(looks.slice(0, 60), looks.slice(60));
}

/** Ids of the processes that a process has started. */
export async function childrenOf(pid: number): Promise<number[]> {
  const list = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  return list.split(" ").filter(Boolean).map(Number);
}

/** Processes of this one that read slides for viewers, without those that have ended. */
export async function viewProcesses(): Promise<number[]> {
  const children = await childrenOf(process.pid);
  const commands = await Promise.all(children.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return children.filter((_, i) => commands[i]?.includes("view-process.js"));
}
