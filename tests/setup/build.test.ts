import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cp, readFile, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { writeFiles } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

/** Stands for the compiler: notes that it ran, and ends with what `status` holds. */
const COMPILER = `const { appendFileSync, mkdirSync, readFileSync } = require("node:fs");
appendFileSync("log", "compiled ");
mkdirSync("dist/src/explanation", { recursive: true });
process.exit(Number(readFileSync("status", "utf8")));`;

test("sources are compiled again where one was changed, added or removed, or where they did not compile", async (t) => {
  const root = await temporaryDirectory(t);
  await cp(join(projectRoot(), "scripts", "build.mjs"), join(root, "scripts", "build.mjs"));
  await writeFiles(root, {
    "node_modules/typescript/bin/tsc": COMPILER,
    "node_modules/typescript/index.js": 'exports.transpileModule = () => ({ outputText: "" });',
    "src/explanation/drawing.ts": "",
    "tests/a.test.ts": "",
    status: "0",
    log: "",
  });
  const build = () => spawnSync(process.execPath, [join(root, "scripts", "build.mjs")], { cwd: root }).status;
  const compiles = async () => {
    await writeFiles(root, { log: "" });
    const status = build();
    return [status, await readFile(join(root, "log"), "utf8")];
  };
  assert.deepEqual(await compiles(), [0, "compiled "]);
  assert.deepEqual(await compiles(), [0, ""]);
  await utimes(join(root, "tests", "a.test.ts"), new Date(), new Date());
  assert.deepEqual(await compiles(), [0, "compiled "]);
  await writeFiles(root, { "tests/b.test.ts": "" });
  assert.deepEqual(await compiles(), [0, "compiled "]);
  await rm(join(root, "tests", "b.test.ts"));
  await writeFiles(root, { status: "2" });
  assert.deepEqual(await compiles(), [2, "compiled "]);
  assert.deepEqual(await compiles(), [2, "compiled "], "errors are told again");
});
