import assert from "node:assert/strict";
import { test } from "node:test";
import { normalShareBelow, spearman, wilsonInterval } from "../../src/evaluation/index";
import { binomialTest, midranks, twoSidedNormal } from "../../src/evaluation/statistics";
import { runPython, withoutPython } from "../support/python";

test("distribution functions equal SciPy's", { skip: withoutPython() }, async () => {
  const zs = [0, 1e-8, 0.1, 0.5, 1, 1.96, 2.7, 2.83, 3, 5, 8, 20, 37];
  const counts: [number, number][] = [
    [0, 1],
    [1, 1],
    [0, 12],
    [3, 12],
    [6, 12],
    [11, 12],
    [86, 236],
    [40, 100],
    [480, 1000],
    [4800, 10_000],
  ];
  const program = `
import json, sys, numpy as np
from scipy import stats
d = json.load(sys.stdin)
wilson = lambda k, n: list(stats.binomtest(k, n).proportion_ci(method="wilson"))
print(json.dumps({"p": [2 * float(stats.norm.sf(z)) for z in d["zs"]],
  "binomial": [float(stats.binomtest(k, n).pvalue) for k, n in d["counts"]],
  "wilson": [wilson(k, n) for k, n in d["counts"]],
  "spearman": float(stats.spearmanr(d["a"], d["b"])[0])}))`;
  const [a, b] = [
    [1, 2, 2, 5, 7, 7, 7, 9],
    [3, 1, 4, 4, 9, 8, 2, 8],
  ] as const;
  type Peer = { p: number[]; binomial: number[]; wilson: [number, number][]; spearman: number };
  const peer = await runPython<Peer>(program, { zs, counts, a, b });
  zs.forEach((z, i) => {
    const expected = peer.p[i] as number;
    assert.ok(Math.abs(twoSidedNormal(z) - expected) <= 1e-11 * expected, `z ${z}: ${twoSidedNormal(z)}, ${expected}`);
  });
  assert.deepEqual([normalShareBelow(0), normalShareBelow(-1.96)], [0.5, twoSidedNormal(1.96) / 2]);
  assert.equal(normalShareBelow(1.96) + normalShareBelow(-1.96), 1);
  counts.forEach(([k, n], i) => {
    assert.ok(Math.abs(binomialTest(k, n) - (peer.binomial[i] as number)) < 1e-10, `binomial ${k}/${n}`);
    wilsonInterval(k, n).forEach((end, side) => {
      assert.ok(Math.abs(end - (peer.wilson[i]?.[side] as number)) < 1e-12, `wilson ${k}/${n}`);
    });
  });
  assert.ok(Math.abs(spearman(a, b) - peer.spearman) < 1e-12);
});

test("tied values share their mean rank", () => {
  assert.deepEqual([...midranks([10, 30, 20, 20])], [1, 4, 2.5, 2.5]);
  assert.deepEqual([...midranks([])], []);
});

test("no cases: a test says 1, an interval does not exist", () => {
  assert.equal(binomialTest(0, 0), 1);
  assert.ok(Number.isNaN(wilsonInterval(0, 0)[1]));
});
