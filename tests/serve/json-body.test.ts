import assert from "node:assert/strict";
import { test } from "node:test";
import { readJsonBody } from "../../serve/core/http/index";

const MEGABYTE = 2 ** 20;
/** A body of about a megabyte that repeats a value. */
const manyOf = (value: string) =>
  Buffer.from(
    `{"inputs":[${Array(Math.floor(MEGABYTE / (value.length + 1)))
      .fill(value)
      .join(",")}]}`,
  );

test("large bodies of pixels and images are read, nested or flat", () => {
  const image = Array(224).fill(Array(224).fill([0, 0, 0]));
  const tiny = Array(20_000).fill(
    Array(8)
      .fill(Array(8).fill([0, 0, 0]))
      .slice(0, 2),
  );
  for (const data of [[image, image], image.flat(2), tiny, Array(64).fill("A".repeat(20_000))]) {
    const body = { inputs: [{ name: "x", shape: [2, 224, 224, 3], datatype: "UINT8", data }] };
    assert.deepEqual(readJsonBody(Buffer.from(JSON.stringify(body))), body);
  }
});

test("large bodies that are slow to parse and large in memory are refused before they are parsed", () => {
  for (const value of ["{}", "[]", '""', '{"a":1}', "[[]]", '["a"]']) {
    assert.throws(() => readJsonBody(manyOf(value)), { code: "FIELD_INVALID", message: /too many/ }, value);
  }
  const keys = Array.from({ length: 100_000 }, (_, i) => `"k${i}":0`);
  assert.throws(() => readJsonBody(Buffer.from(`{${keys.join(",")}}`)), { code: "FIELD_INVALID" });
  assert.deepEqual(readJsonBody(Buffer.from('{"a":[{},{}]}')), { a: [{}, {}] });
});
