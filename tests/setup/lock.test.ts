import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { temporaryDirectory } from "../support/temporary-directory";

/** A copy of the set-up's machinery with one step that writes a line, waits, and writes another. */
async function project(context: TestContext): Promise<string> {
  const root = await temporaryDirectory(context);
  await mkdir(join(root, "scripts"), { recursive: true });
  await cp(join(projectRoot(), "scripts", "setup"), join(root, "scripts", "setup"), { recursive: true });
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
