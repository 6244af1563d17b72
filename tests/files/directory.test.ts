import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { makeDirectory } from "../../src/files/index";
import { temporaryDirectory } from "../support/temporary-directory";

test("a folder is made with those above it, also by several at once, and may be there already", async (context) => {
  const folder = join(await temporaryDirectory(context), "a", "b", "c");
  await Promise.all(Array.from({ length: 8 }, () => makeDirectory(folder)));
  await makeDirectory(folder);
  assert.ok(statSync(folder).isDirectory());
});

test("what cannot be a folder is an error", async (context) => {
  const file = join(await temporaryDirectory(context), "file");
  await writeFile(file, "");
  await assert.rejects(makeDirectory(file), { code: "EEXIST" });
  await assert.rejects(makeDirectory(join(file, "below")), { code: "ENOTDIR" });
  if (existsSync("/proc/self")) await assert.rejects(makeDirectory("/proc/nowhere/deep"), { code: "ENOENT" });
});
