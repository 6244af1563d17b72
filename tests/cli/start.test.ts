/** @module `histo start` that fails: nothing of it is left running. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { writeCsvSet, writeFiles } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

/** Answers as MLflow does when it is well, and notes its process id; ends by itself where it is forgotten. */
const SERVER = `#!${process.execPath}
require("node:fs").writeFileSync("server.pid", String(process.pid));
require("node:http").createServer((_, answer) => answer.end("OK")).listen(Number(process.env.MLFLOW_PORT));
setTimeout(() => process.exit(), 60_000);
`;

/** A project folder of its own whose Python is the server above, and `histo start` in it. */
async function setting(context: TestContext) {
  const folder = await temporaryDirectory(context);
  await writeFiles(folder, { ".venv/bin/python": SERVER });
  await chmod(join(folder, ".venv", "bin", "python"), 0o755);
  const { MLFLOW_TRACKING_URI: _, ...inherited } = process.env;
  const env = { ...inherited, HISTO_ROOT: folder, HISTO_CACHE: join(folder, "cache") };
  return {
    folder,
    pid: join(folder, "mlruns", "server.pid"),
    async start(...more: string[]): Promise<{ status: number | null; stderr: string }> {
      const args = ["start", "--port", "0", "--mlflow-port", "0", "--size", "8", ...more];
      const child = spawn(process.execPath, [join(projectRoot(), "bin", "histo.cjs"), ...args], {
        env,
        timeout: 30_000,
      });
      let stderr = "";
      child.stderr.on("data", (text) => {
        stderr += text;
      });
      return new Promise((resolve) => child.on("close", (status) => resolve({ status, stderr })));
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("a training that fails ends the command and the MLflow that it started", async (context) => {
  const { folder, pid, start } = await setting(context);
  const data = await writeCsvSet(join(folder, "set"), 30);
  await writeFile(join(data, "images", "7.png"), "no image");
  const { status, stderr } = await start("--data", data);
  assert.equal(status, 2, stderr);
  assert.match(stderr, /7\.png/);
  assert.ok(!isAlive(Number(await readFile(pid, "utf8"))), "the server was left running");
});

test("data that cannot be used are said before anything is started", async (context) => {
  const { folder, pid, start } = await setting(context);
  const { status, stderr } = await start("--data", join(folder, "nowhere"));
  assert.equal(status, 2, stderr);
  assert.match(stderr, /nowhere does not exist/);
  assert.ok(!existsSync(pid) && !existsSync(join(folder, "runs")));
});
