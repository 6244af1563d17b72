/** @module An S3 stand-in (moto's server from PyPI), installed on demand as `scripts/moto-server.mjs` does. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { projectRoot } from "../../src/files/index";
import { freePort } from "../../src/tracking/index";
import { sharedDirectory } from "./temporary-directory";

export interface ObjectStore {
  readonly url: string;
  makeBucket(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the store; it takes any credentials. */
export async function startObjectStore(): Promise<ObjectStore> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const script = join(projectRoot(), "scripts", "moto-server.mjs");
  const folder = sharedDirectory();
  const env = { ...process.env, MOTO_RECORDER_FILEPATH: join(folder, "recording") };
  const child = spawn(process.execPath, [script, String(port)], { stdio: "ignore", env });
  const ended = new Promise<void>((done) => child.once("exit", () => done()));
  for (let waited = 0; ; waited += 200) {
    if (await fetch(`${url}/moto-api/`).catch(() => undefined)) break;
    if (waited > 300_000 || child.exitCode !== null) {
      child.kill(); // else the test that failed would wait for it
      throw new Error("moto did not start");
    }
    await sleep(200);
  }
  return {
    url,
    async makeBucket(name) {
      const { ok, status } = await fetch(`${url}/${name}`, { method: "PUT" });
      if (!ok) throw new Error(`bucket ${name}: ${status}`);
    },
    async stop() {
      child.kill();
      await ended;
    },
  };
}
