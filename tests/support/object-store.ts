/** @module An S3 stand-in (moto's server from PyPI), installed on demand into an environment of its own. */
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { projectRoot } from "../../src/files/index";
import { freePort } from "../../src/tracking/index";
import { pythonPath } from "./python";

const MOTO = "moto[server]==5.2.5";

export interface ObjectStore {
  readonly url: string;
  makeBucket(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the store; it takes any credentials. */
export async function startObjectStore(): Promise<ObjectStore> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  // Not the program of that name: its first line has the folder of the installation, which may have been moved.
  const python = join(motoEnvironment(), "bin", "python");
  const child = spawn(python, ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
  const ended = new Promise<void>((done) => child.once("exit", () => done()));
  for (let waited = 0; ; waited += 200) {
    if (await fetch(`${url}/moto-api/`).catch(() => undefined)) break;
    if (waited > 60_000 || child.exitCode !== null) throw new Error("moto did not start");
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

function motoEnvironment(): string {
  const directory = join(projectRoot(), ".setup", "moto");
  // pip writes the program last; the infrastructure's checks install it there too.
  if (!existsSync(join(directory, "bin", "moto_server"))) {
    execFileSync(pythonPath() ?? "python3", ["-m", "venv", directory]);
    execFileSync(join(directory, "bin", "pip"), ["install", "-q", "--disable-pip-version-check", MOTO]);
  }
  return directory;
}
