import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { sha256, sha256File, sha256FileInThread } from "../../src/files/index";
import { temporaryDirectory } from "../support/temporary-directory";

test("a file's hash is that of its bytes, whatever its length", async (t) => {
  const path = join(await temporaryDirectory(t), "file");
  for (const length of [0, 1, (1 << 20) - 1, 1 << 20, 3 * (1 << 20) + 7]) {
    const content = Buffer.alloc(length, (length % 250) + 1);
    await writeFile(path, content);
    assert.equal(await sha256File(path), createHash("sha256").update(content).digest("hex"));
    assert.equal(await sha256File(path), sha256(content));
    assert.equal(await sha256FileInThread(path), sha256(content));
  }
});

test("a missing file is an error of the file system", async () => {
  await assert.rejects(sha256File("/nowhere/at/all"), { code: "ENOENT" });
  await assert.rejects(sha256FileInThread("/nowhere/at/all"), { code: "ENOENT" });
});
