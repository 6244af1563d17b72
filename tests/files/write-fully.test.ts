import assert from "node:assert/strict";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { writeFully } from "../../src/files/index";
import { temporaryDirectory } from "../support/temporary-directory";

test("what the system takes in parts is written whole", async (context) => {
  const path = join(await temporaryDirectory(context), "file");
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i);
  const handle = await open(path, "w");
  const write = handle.write.bind(handle) as (...args: unknown[]) => unknown;
  context.mock.method(handle, "write", (from: Uint8Array, at: number, length: number, position: number | null) =>
    write(from, at, Math.min(length, 300), position),
  );
  await writeFully(handle, bytes);
  await writeFully(handle, bytes.subarray(0, 700), 500);
  await handle.close();
  assert.deepEqual([...(await readFile(path))], [...bytes.subarray(0, 500), ...bytes.subarray(0, 700)]);
});
