/** @module `histo start`: what it serves, and that nothing of it is left running where it fails. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, readdir, readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { projectRoot, readJson } from "../../src/files/index";
import { writeCsvSet, writeFiles } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

/** Answers as MLflow does when it is well, and notes its process id; ends by itself where it is forgotten. */
const SERVER = `#!${process.execPath}
require("node:fs").writeFileSync("server.pid", String(process.pid));
require("node:http").createServer((_, answer) => answer.end("OK")).listen(Number(process.env.MLFLOW_PORT));
setTimeout(() => process.exit(), 180_000);
`;

interface Ended {
  readonly status: number | null;
  readonly stderr: string;
}

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
    /** @param during gets what was said so far, and ends the process by a signal */
    async start(more: readonly string[], during?: (stderr: string, child: ChildProcess) => void): Promise<Ended> {
      const args = ["start", "--port", "0", "--mlflow-port", "0", "--size", "8", ...more];
      const child = spawn(process.execPath, [join(projectRoot(), "bin", "histo.cjs"), ...args], {
        env,
        timeout: 120_000,
      });
      let stderr = "";
      child.stderr.on("data", (text) => {
        stderr += text;
        during?.(stderr, child);
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
  const { status, stderr } = await start(["--data", data]);
  assert.equal(status, 2, stderr);
  assert.match(stderr, /7\.png/);
  assert.ok(!isAlive(Number(await readFile(pid, "utf8"))), "the server was left running");
});

test("Ctrl-C while it trains ends it, and says how it goes on", async (context) => {
  const { folder, pid, start } = await setting(context);
  const data = await writeCsvSet(join(folder, "set"), 12);
  const { status, stderr } = await start(["--data", data, "--epochs", "2000"], (said, child) => {
    if (said.includes("epoch 1:") && !child.killed) child.kill("SIGINT");
  });
  assert.equal(status, 130, stderr);
  assert.match(stderr, /Stopped; repeat the command to continue\.\n$/);
  assert.ok(!stderr.includes("--resume"), "which is none of its options");
  const [run = ""] = await readdir(join(folder, "runs"));
  const { epochs } = await readJson<{ epochs: number }>(join(folder, "runs", run, "config.json"));
  assert.equal(epochs, 2000, "as asked for, with and without the native TensorFlow");
  assert.ok(!isAlive(Number(await readFile(pid, "utf8"))), "the server was left running");
});

test("it serves the network and the best rival that could be trained, the better one first", async (context) => {
  const { folder, start } = await setting(context);
  const data = await writeCsvSet(join(folder, "set"), 60);
  const { status, stderr } = await start(["--data", data, "--epochs", "2"], (said, child) => {
    if (said.includes("Listening on") && !child.killed) child.kill("SIGINT");
  });
  assert.equal(status, 130, stderr);
  assert.match(stderr, /Left out: frozen EfficientNet-Lite0 \(.*cannot be fetched/, "there is no package index here");
  assert.match(stderr, /Validation prefers .* \(AUC [\d.]+, 95 % [\d.]+ to [\d.]+\) to .*; both are served\./);
  const runs = await readdir(join(folder, "runs"));
  const [reference = "", rival = ""] = runs.sort((a, b) => a.length - b.length);
  const { models } = await readJson<{ models: string[] }>(join(folder, "runs", reference, "served.json"));
  const areas = await Promise.all(
    models.map(async (model) => {
      const { metrics } = await readJson<{ metrics: { validation: { rocAuc: number } } }>(join(model, "model.json"));
      return metrics.validation.rocAuc;
    }),
  );
  assert.deepEqual(
    [...models].sort(),
    [join(folder, "runs", reference, "model"), join(folder, "runs", rival, "model")].sort(),
  );
  assert.ok((areas[0] as number) >= (areas[1] as number), areas.join(" and "));
});

test("what it cannot use is said before anything is started", async (context) => {
  const { folder, pid, start } = await setting(context);
  const data = await writeCsvSet(join(folder, "set"), 8);
  const other = createServer();
  await new Promise<void>((listening) => other.listen(0, "127.0.0.1", listening));
  context.after(() => other.close());
  const taken = (other.address() as AddressInfo).port;
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [["--data", join(folder, "nowhere")], /nowhere does not exist/],
    [["--data", ""], /--data is empty/],
    [["--data", data, "--port", String(taken)], /is in use; choose another/],
  ];
  for (const [options, message] of wrong) {
    const { status, stderr } = await start(options);
    assert.equal(status, 2, stderr);
    assert.match(stderr, message);
  }
  assert.ok(!existsSync(pid) && !existsSync(join(folder, "runs")));
});
