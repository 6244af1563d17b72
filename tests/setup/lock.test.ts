import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { temporaryDirectory } from "../support/temporary-directory";

/** A copy of the set-up's machinery with one step that writes a line, waits, and writes another. */
async function project(context: TestContext): Promise<string> {
  const root = await temporaryDirectory(context);
  await mkdir(join(root, "scripts"), { recursive: true });
  for (const part of [join("scripts", "setup"), join("src", "files", "lock.cjs")]) {
    await cp(join(projectRoot(), part), join(root, part), { recursive: true });
  }
  await writeFile(
    join(root, "step.mjs"),
    `import { appendFileSync } from "node:fs";
     import { setTimeout } from "node:timers/promises";
     import { locked } from "./scripts/setup/lock.mjs";
     import { clearStamp, finished, keyOf, writeStamp } from "./scripts/setup/stamp.mjs";
     await locked(async () => {
       if (finished("step", keyOf([]), [])) return;
       clearStamp("step");
       appendFileSync("log", "begin\\n");
       await setTimeout(Number(process.argv[2]));
       appendFileSync("log", "end\\n");
       writeStamp("step", keyOf([]), {});
     });`,
  );
  return root;
}

const run = (root: string, milliseconds: number) =>
  spawn(process.execPath, ["step.mjs", String(milliseconds)], { cwd: root });
const log = async (root: string) => (await readFile(join(root, "log"), "utf8")).trim().split("\n");

test("a set-up killed with -9 starts its step again, and a finished one does nothing", async (context) => {
  const root = await project(context);
  const killed = run(root, 60_000);
  for (;;) if ((await log(root).catch((): string[] => [])).includes("begin")) break;
  killed.kill("SIGKILL");
  await once(killed, "close");
  await once(run(root, 10), "close");
  await once(run(root, 10), "close");
  assert.deepEqual(await log(root), ["begin", "begin", "end"]);
});

test("two set-ups at once do the work once", async (context) => {
  const root = await project(context);
  await Promise.all([run(root, 300), run(root, 300), run(root, 300)].map((child) => once(child, "close")));
  assert.deepEqual(await log(root), ["begin", "end"]);
});

test("a set-up that was slow to clear away a dead one's lock does not clear away a living one's", async (context) => {
  const root = await project(context);
  // As on a slow disk: before it removes a file, the process waits as long as SLOW says.
  await writeFile(
    join(root, "slow.cjs"),
    `const fs = require("node:fs");
     const { rmSync } = fs;
     fs.rmSync = (...args) => {
       if (process.env.SLOW) process.stderr.write("slow ");
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(process.env.SLOW ?? 0));
       rmSync(...args);
     };`,
  );
  await writeFile(
    join(root, "work.mjs"),
    `import { appendFileSync } from "node:fs";
     import { setTimeout } from "node:timers/promises";
     import { locked } from "./scripts/setup/lock.mjs";
     await locked(async () => {
       appendFileSync("log", "begin\\n");
       await setTimeout(1500);
       appendFileSync("log", "end\\n");
     });`,
  );
  await mkdir(join(root, ".setup"));
  await writeFile(join(root, ".setup", `lock.${hostname()}.${2 ** 22 + 1}.0123abcd`), String(2 ** 22 + 1));
  const start = (slow?: string) =>
    spawn(process.execPath, ["--require", "./slow.cjs", "work.mjs"], {
      cwd: root,
      env: { ...process.env, ...(slow && { SLOW: slow }) },
    });
  const slow = start("700");
  const slowEnd = once(slow, "close");
  await once(slow.stderr, "data");
  await Promise.all([slowEnd, once(start(), "close")]);
  assert.deepEqual(await log(root), ["begin", "end", "begin", "end"]);
});
