import assert from "node:assert/strict";
import { test } from "node:test";
import { largePagesFor } from "../../src/machine/index";

test("asks for large pages for weights that a server reads for each image, but not for those of a gigabyte", () => {
  assert.deepEqual(largePagesFor(47e6, {}), { GLIBC_TUNABLES: "glibc.malloc.hugetlb=1" });
  assert.deepEqual(largePagesFor(1.4e9, {}), {});
});

test("keeps what the user has set", () => {
  const others = { GLIBC_TUNABLES: "glibc.malloc.check=1" };
  assert.deepEqual(largePagesFor(1, others), { GLIBC_TUNABLES: "glibc.malloc.check=1:glibc.malloc.hugetlb=1" });
  assert.deepEqual(largePagesFor(1, { GLIBC_TUNABLES: "glibc.malloc.hugetlb=0" }), {});
});
