import assert from "node:assert/strict";
import { existsSync, readdirSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { cacheDirectory, makeDirectory, mustBeReplaceable } from "../../src/files/index";
import { temporaryDirectory } from "../support/temporary-directory";

test("a folder is made with those above it, also by several at once, and may be there already", async (context) => {
  const directory = await temporaryDirectory(context);
  for (let round = 0; round < 50; round++) {
    const folder = join(directory, String(round), "a", "b", "c");
    await Promise.all(Array.from({ length: 8 }, () => makeDirectory(folder)));
    await makeDirectory(folder);
    assert.ok(statSync(folder).isDirectory());
  }
});

test("what cannot be a folder is an error", async (context) => {
  const file = join(await temporaryDirectory(context), "file");
  await writeFile(file, "");
  await assert.rejects(makeDirectory(file), { code: "EEXIST" });
  await assert.rejects(makeDirectory(join(file, "below")), { code: "ENOTDIR" });
  if (existsSync("/proc/self")) await assert.rejects(makeDirectory("/proc/nowhere/deep"), { code: "ENOENT" });
});

test("an empty HISTO_CACHE, as of a variable that is not set, does not make the working directory the cache", () => {
  delete process.env.HISTO_CACHE;
  const usual = cacheDirectory();
  process.env.HISTO_CACHE = "";
  assert.equal(cacheDirectory(), usual);
});

test("whether a folder can be replaced is known before the work: a mount point cannot, others are left as they are", async (context) => {
  const folder = await temporaryDirectory(context);
  await writeFile(join(folder, "model.json"), "{}");
  await mustBeReplaceable("--out", folder);
  await mustBeReplaceable("--out", join(folder, "new"));
  assert.deepEqual(readdirSync(folder), ["model.json"]);
  const long = join(folder, "x".repeat(255));
  await makeDirectory(long);
  await mustBeReplaceable("--out", long);
  assert.ok(statSync(long).isDirectory());
  await assert.rejects(mustBeReplaceable("--out", "/"), { code: "OUT_NOT_WRITABLE", message: /^--out: \/ cannot be/ });
});
