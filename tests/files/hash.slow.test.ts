import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../../src/files/index";

test("more bytes than Node hashes at once, such as the features of a large data set, have a hash too", () => {
  const bytes = new Uint8Array(2 ** 31);
  // As sha256sum has it.
  assert.equal(sha256(bytes), "a7c744c13cc101ed66c29f672f92455547889cc586ce6d44fe76ae824958ea51");
});
