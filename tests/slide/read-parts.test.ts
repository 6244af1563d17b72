import assert from "node:assert/strict";
import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { HistoError } from "../../src/errors/index";
import { readParts } from "../../src/slide/tiff/tile-store";
import { temporaryDirectory } from "../support/temporary-directory";

/** A file of 200,000 bytes, no two places near each other alike, and how often it was read. */
async function numbered(t: TestContext) {
  const path = join(await temporaryDirectory(t), "file");
  const content = Buffer.from(Uint8Array.from({ length: 200_000 }, (_, i) => (i * 31) ^ (i >> 8)));
  await writeFile(path, content);
  const file = await open(path, "r");
  t.after(() => file.close());
  const read = t.mock.method(file, "read");
  return { content, file, reads: () => read.mock.callCount() };
}

test("parts in any order, apart, next to each other, over each other or the same are the bytes of the file", async (t) => {
  const { content, file } = await numbered(t);
  const parts = [
    { offset: 150_000, length: 700 },
    { offset: 10, length: 90 },
    { offset: 100, length: 50 },
    { offset: 120, length: 10 },
    { offset: 10, length: 90 },
    { offset: 60_000, length: 1 },
    { offset: 0, length: 200_000 },
  ];
  for (const some of [parts, parts.slice(0, 6), parts.slice(0, 1), []]) {
    const expected = some.map(({ offset, length }) => content.subarray(offset, offset + length));
    assert.deepEqual(await readParts(file, some), expected);
  }
});

test("parts that lie close behind each other are read by one call, others are not read in between", async (t) => {
  const { file, reads } = await numbered(t);
  const tiles = Array.from({ length: 32 }, (_, i) => ({ offset: 1000 + i * 2010, length: 2000 }));
  await readParts(file, [...tiles].reverse());
  assert.equal(reads(), 1);
  await readParts(file, [tiles[0]!, { offset: 150_000, length: 10 }]);
  assert.equal(reads(), 3);
});

test("a part beyond the end of the file is an error, and those before it are read", async (t) => {
  const { content, file } = await numbered(t);
  const [whole, cutOff] = await readParts(file, [
    { offset: 199_900, length: 100 },
    { offset: 199_950, length: 51 },
  ]);
  assert.deepEqual(whole, content.subarray(199_900));
  assert.ok(cutOff instanceof HistoError && cutOff.code === "SLIDE_TRUNCATED");
});
