/** Half-precision numbers by their bits. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { halvesOf, singlesOf } from "../../src/onnxruntime/half";

test("every half-precision number survives the way to single precision and back", () => {
  const all = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);
  const isNone = (bits: number) => (bits & 0x7fff) > 0x7c00;
  const back = halvesOf(singlesOf(all));
  assert.deepEqual(
    [...all].filter((bits) => !isNone(bits) && back[bits] !== bits),
    [],
  );
  assert.ok(Number.isNaN(singlesOf(Uint16Array.of(0x7e01))[0]));
});

test("numbers between two half-precision numbers become the nearest, and ties the even one", () => {
  const step = 2 ** -10;
  const values = [
    1 + step / 2,
    1 + (3 * step) / 2,
    1 + 0.49 * step,
    -1 - 0.51 * step,
    2 ** -24 * 1.5,
    2 ** -25,
    2 ** -26,
  ];
  const expected = [1, 1 + 2 * step, 1, -1 - step, 2 ** -23, 0, 0];
  assert.deepEqual([...singlesOf(halvesOf(Float32Array.from(values)))], expected);
  const large = [65504, 65519, 65520, 1e9, -1e9, Number.NaN];
  const [most, below, ...infinite] = singlesOf(halvesOf(Float32Array.from(large)));
  assert.deepEqual([most, below], [65504, 65504]);
  assert.deepEqual(infinite, [Infinity, Infinity, -Infinity, Number.NaN]);
});
