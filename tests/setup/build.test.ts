import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, readFile, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { writeFiles } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

/** Stands for the compiler: notes when it begins and ends, and ends with the status in the file `status`. */
const COMPILER = `const { appendFileSync, mkdirSync, readFileSync } = require("node:fs");
appendFileSync("log", "compiling ");
for (const room of ["explanation", "format"]) mkdirSync("dist/src/" + room, { recursive: true });
setTimeout(() => {
  appendFileSync("log", "compiled ");
  process.exit(Number(readFileSync("status", "utf8")));
}, 100);`;

/** A project with the script that builds it. */
async function project(context: TestContext): Promise<string> {
  const root = await temporaryDirectory(context);
  for (const part of [
    "scripts/build.mjs",
    "scripts/newest.cjs",
    "scripts/setup/lock.mjs",
    "scripts/setup/paths.mjs",
    "src/files/lock.cjs",
  ]) {
    await cp(join(projectRoot(), part), join(root, part));
  }
  await writeFiles(root, {
    "node_modules/typescript/bin/tsc": COMPILER,
    "node_modules/typescript/index.js": 'exports.transpileModule = () => ({ outputText: "" });',
    "src/explanation/drawing.ts": "",
    "src/format/text.ts": "",
    "tests/a.test.ts": "",
    status: "0",
    log: "",
  });
  return root;
}

async function build(root: string): Promise<number> {
  const child = spawn(process.execPath, [join("scripts", "build.mjs")], { cwd: root });
  return (await once(child, "close"))[0] as number;
}

const log = (root: string) => readFile(join(root, "log"), "utf8");

test("builds that start together share one", async (context) => {
  const root = await project(context);
  const statuses = await Promise.all(Array.from({ length: 6 }, () => build(root)));
  assert.deepEqual(statuses, [0, 0, 0, 0, 0, 0]);
  assert.equal(await log(root), "compiling compiled ");
});

test("sources are compiled again where one was changed, added or removed, or where they did not compile", async (t) => {
  const root = await project(t);
  const compiles = async () => {
    await writeFiles(root, { log: "" });
    return [await build(root), await log(root)];
  };
  assert.deepEqual(await compiles(), [0, "compiling compiled "]);
  assert.deepEqual(await compiles(), [0, ""]);
  await utimes(join(root, "tests", "a.test.ts"), new Date(), new Date());
  assert.deepEqual(await compiles(), [0, "compiling compiled "]);
  await writeFiles(root, { "tests/b.test.ts": "" });
  assert.deepEqual(await compiles(), [0, "compiling compiled "]);
  await rm(join(root, "tests", "b.test.ts"));
  await writeFiles(root, { status: "2" });
  assert.deepEqual(await compiles(), [2, "compiling compiled "]);
  assert.deepEqual(await compiles(), [2, "compiling compiled "], "errors are told again");
});
