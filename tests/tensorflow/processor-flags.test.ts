import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksAvx } from "../../src/tensorflow/load";

test("a processor without AVX is told by its flags", () => {
  const celeron =
    "processor\t: 0\nmodel name\t: Intel(R) Celeron(R) J4125\nflags\t\t: fpu sse sse2 ssse3 sse4_1 sse4_2 aes\n";
  assert.equal(lacksAvx(celeron), true);
  assert.equal(lacksAvx(celeron.replace("aes", "aes avx")), false);
  assert.equal(
    lacksAvx(celeron.replace("aes", "aes avx2 avx512f")),
    true,
    "AVX2 without AVX is a mask of a virtual machine",
  );
});

test("without a list of flags nothing is assumed", () => {
  assert.equal(lacksAvx(""), false, "macOS");
  assert.equal(lacksAvx("processor\t: 0\nFeatures\t: fp asimd evtstrm\n"), false, "Arm");
});
