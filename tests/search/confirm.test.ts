import assert from "node:assert/strict";
import { test } from "node:test";
import { onPixels, parseSpace, searchesSubspace } from "../../src/search/index";

test("a space has trials in the subspace where its stem is that, always or sometimes", () => {
  const stems = ["subspace", "pixels", { choice: ["pixels", "subspace"] }, { choice: ["pixels"] }];
  assert.deepEqual(
    stems.map((stem) => searchesSubspace(parseSpace({ stem }))),
    [true, false, true, false],
  );
  assert.equal(searchesSubspace(parseSpace({})), false);
});

test("on pixels the learning rate keeps its ratio to the automatic one", () => {
  const options = { data: "d", size: 224, stem: "subspace", rank: 64, hidden: [8], dropout: 0.2 } as const;
  assert.deepEqual(onPixels(options), {
    ...{ data: "d", size: 224, stem: "pixels", hidden: [8], dropout: 0.2, lr: "auto" },
  });
  const automatic = 3 / (3 * 224 ** 2);
  assert.ok(Math.abs((onPixels({ ...options, lr: 6e-4 }).lr as number) - 2 * automatic) < 1e-12);
  assert.equal(onPixels({ ...options, lr: 0.02, optimizer: "sgd" }).lr, 0.02);
});
