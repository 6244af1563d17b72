/** @module A real Redis for tests: Debian's redis-server (or Valkey) on a free port, with nothing on the disk. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../src/tracking/index";

export interface RedisServer {
  readonly url: string;
  /** Runs a command with `redis-cli`. */
  cli(...command: readonly string[]): string;
  stop(): Promise<void>;
}

function programNamed(...names: readonly string[]): string | undefined {
  const folders = (process.env.PATH ?? "").split(":");
  const places = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [process.env.HISTO_REDIS_SERVER, ...places].find((path) => path !== undefined && existsSync(path));
}

/** For `describe(name, { skip: withoutRedis() }, ...)`: why the tests cannot run here, or false. */
export function withoutRedis(): string | false {
  const found = programNamed("redis-server", "valkey-server");
  return found === undefined && "no redis-server here (apt-get install redis-server, or HISTO_REDIS_SERVER)";
}

/** Starts a server on 127.0.0.1; ready when the promise resolves. */
export async function startRedis(): Promise<RedisServer> {
  const port = await freePort();
  const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const child = spawn(programNamed("redis-server", "valkey-server") as string, options, {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let log = "";
  await new Promise<void>((resolve, reject) => {
    child.on("exit", (status) => reject(new Error(`redis-server ended with ${status}: ${log}`)));
    child.stdout.on("data", (text) => {
      log += text;
      if (/ready to accept connections/i.test(log)) resolve();
    });
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    cli: (...command) => execFileSync("redis-cli", ["-p", String(port), ...command], { encoding: "utf8" }).trim(),
    async stop() {
      if (child.exitCode !== null) return;
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}
