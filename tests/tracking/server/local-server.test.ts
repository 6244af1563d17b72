import assert from "node:assert/strict";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { freePort, startLocalServer } from "../../../src/tracking/index";
import { histoHere } from "../../support/histo";
import { temporaryDirectory } from "../../support/temporary-directory";

/** Files that this process has open. */
function openFiles(): string[] {
  return readdirSync("/proc/self/fd").flatMap((number) => {
    try {
      return [readlinkSync(join("/proc/self/fd", number))];
    } catch {
      return [];
    }
  });
}

test("a server that does not start is said with its log, which stays open to it alone", async (context) => {
  const directory = await temporaryDirectory(context);
  await assert.rejects(startLocalServer({ directory, python: process.execPath }), {
    code: "MLFLOW_NOT_STARTED",
    message: /it ended with status \d+\. .*server\.log: ./,
  });
  if (existsSync("/proc/self/fd")) assert.ok(!openFiles().some((file) => file.startsWith(directory)));
});

test("a server that is killed, or whose address is not of this machine, is not blamed on the port", async (context) => {
  const directory = await temporaryDirectory(context);
  const python = join(directory, "python");
  await writeFile(python, "#!/bin/sh\nkill -KILL $$\n", { mode: 0o755 });
  for (const MLFLOW_HOST of ["127.0.0.1", "203.0.113.1"]) {
    await assert.rejects(startLocalServer({ directory, python, port: await freePort(), env: { MLFLOW_HOST } }), {
      code: "MLFLOW_NOT_STARTED",
      message: /it was ended by SIGKILL/,
    });
  }
});

test("a port whose last server is just ending is waited for", async (context) => {
  const directory = await temporaryDirectory(context);
  const other = createServer();
  await new Promise<void>((listening) => other.listen(0, "127.0.0.1", listening));
  const { port } = other.address() as AddressInfo;
  setTimeout(() => other.close(), 200);
  await assert.rejects(startLocalServer({ directory, python: process.execPath, port }), { code: "MLFLOW_NOT_STARTED" });
});

test("a port that something else holds is said before anything is started", async (context) => {
  const directory = await temporaryDirectory(context);
  const other = createServer();
  await new Promise<void>((listening) => other.listen(0, "127.0.0.1", listening));
  context.after(() => other.close());
  const { port } = other.address() as AddressInfo;
  await assert.rejects(startLocalServer({ directory, python: process.execPath, port }), {
    code: "MLFLOW_PORT_TAKEN",
    message: new RegExp(`^Port ${port} is taken`),
  });
  assert.ok(!existsSync(join(directory, "server.log")));
  const { status, stderr } = await histoHere("mlflow", "start", "--port", String(port), "--directory", directory);
  assert.deepEqual([status, stderr.startsWith(`histo: Port ${port} is taken`)], [2, true], stderr);
});
