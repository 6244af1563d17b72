import assert from "node:assert/strict";
import { test } from "node:test";
import { normalShareBelow, shareInterval, spearman } from "../../src/evaluation/index";
import { binomialTest, midranks, signTest, twoSidedNormal, twoSidedT } from "../../src/evaluation/statistics";
import { Random } from "../../src/random/index";
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
  "t": [[2 * float(stats.t.sf(z, n)) for n in d["degrees"]] for z in d["zs"]],
  "wilson": [wilson(k, n) for k, n in d["counts"]],
  "spearman": float(stats.spearmanr(d["a"], d["b"])[0])}))`;
  const [a, b] = [
    [1, 2, 2, 5, 7, 7, 7, 9],
    [3, 1, 4, 4, 9, 8, 2, 8],
  ] as const;
  const degrees = [1, 2, 3, 4, 5, 8, 17, 100, 999];
  type Peer = { p: number[]; t: number[][]; binomial: number[]; wilson: [number, number][]; spearman: number };
  const peer = await runPython<Peer>(program, { zs, counts, degrees, a, b });
  zs.forEach((z, i) => {
    const expected = peer.p[i] as number;
    assert.ok(Math.abs(twoSidedNormal(z) - expected) <= 1e-11 * expected, `z ${z}: ${twoSidedNormal(z)}, ${expected}`);
    degrees.forEach((n, k) => {
      const [ours, theirs] = [twoSidedT(z, n), peer.t[i]?.[k] as number];
      // Of 1e-8, SciPy 1.17 gives 3e-9 less than 1 - 2e-8 / pi for one degree of freedom.
      assert.ok(Math.abs(ours - theirs) < (z === 1e-8 ? 1e-8 : 1e-13), `t ${z} with ${n} degrees: ${ours}, ${theirs}`);
    });
  });
  assert.deepEqual([normalShareBelow(0), normalShareBelow(-1.96)], [0.5, twoSidedNormal(1.96) / 2]);
  assert.equal(normalShareBelow(1.96) + normalShareBelow(-1.96), 1);
  counts.forEach(([k, n], i) => {
    assert.ok(Math.abs(binomialTest(k, n) - (peer.binomial[i] as number)) < 1e-10, `binomial ${k}/${n}`);
    shareInterval(k / n, n).forEach((end, side) => {
      assert.ok(Math.abs(end - (peer.wilson[i]?.[side] as number)) < 1e-12, `wilson ${k}/${n}`);
    });
  });
  assert.ok(Math.abs(spearman(a, b) - peer.spearman) < 1e-12);
});

test("the test of signs counts all of them, and of ones is the binomial test", () => {
  const random = new Random(8, "signs");
  for (let sample = 0; sample < 40; sample++) {
    const values = Array.from({ length: 1 + random.integer(10) }, () => random.integer(9) - 4);
    const sum = Math.abs(values.reduce((a, b) => a + b));
    let as = 0;
    for (let signs = 0; signs < 2 ** values.length; signs++) {
      const turned = values.reduce((total, value, i) => total + ((signs >> i) & 1 ? value : -value), 0);
      if (Math.abs(turned) >= sum) as++;
    }
    assert.ok(Math.abs(signTest(values) - as / 2 ** values.length) < 1e-12, `${values}`);
  }
  for (const [hits, n] of [
    [0, 1],
    [3, 12],
    [86, 236],
    [480, 1000],
    [1900, 4000],
  ] as const) {
    const ones = Array.from({ length: n }, (_, i) => (i < hits ? 1 : -1));
    assert.ok(Math.abs(signTest(ones) / binomialTest(hits, n) - 1) < 1e-9, `${hits} of ${n}`);
  }
  assert.deepEqual([signTest([]), signTest([0, 0]), signTest([3, -3])], [1, 1, 1]);
});

test("tied values share their mean rank", () => {
  assert.deepEqual([...midranks([10, 30, 20, 20])], [1, 4, 2.5, 2.5]);
  assert.deepEqual([...midranks([])], []);
});

test("no cases: a test says 1, an interval does not exist", () => {
  assert.equal(binomialTest(0, 0), 1);
  assert.ok(Number.isNaN(shareInterval(0 / 0, 0)[1]));
});
