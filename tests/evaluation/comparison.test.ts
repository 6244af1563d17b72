import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import {
  binaryMetrics,
  compareModels,
  delongTest,
  mcnemarTest,
  type Prediction,
  pairedDifferences,
} from "../../src/evaluation/index";
import { projectRoot, readJson } from "../../src/files/index";
import { Random } from "../../src/random/index";
import { runPython, withoutPython } from "../support/python";
import { delongInterval } from "../support/scored-rows";

/** Two models of different quality on the same rows; they share part of their errors. */
function twoModels(seed: number, n: number, { steps = 0 } = {}) {
  const random = new Random(seed, "two-models");
  const labels = Array.from({ length: n }, () => (random.chance(0.4) ? 1 : 0));
  const difficulty = labels.map(() => random.normal(0, 0.15));
  const model = (signal: number) =>
    labels.map((label, i) => {
      const score = 0.5 + (label - 0.5) * signal + (difficulty[i] as number) + random.normal(0, 0.15);
      const clipped = Math.min(1, Math.max(0, score));
      return steps > 0 ? Math.round(clipped * steps) / steps : clipped;
    });
  return { labels, a: model(0.45), b: model(0.3) };
}

test("DeLong's test of a perfect model against a constant one, and of two constant ones", () => {
  const [labels, perfect, constant] = [
    [0, 0, 1, 1],
    [0.1, 0.2, 0.8, 0.9],
    [0.5, 0.5, 0.5, 0.5],
  ];
  const { difference, standardError, p } = delongTest(labels, perfect, constant);
  assert.deepEqual([difference, standardError, p], [0.5, 0, 0]);
  assert.equal(delongTest(labels, constant, constant).p, 1);
});

test("DeLong's test equals the definition, pair by pair", { skip: withoutPython() }, async () => {
  const cases = [twoModels(1, 60), twoModels(2, 200, { steps: 8 }), twoModels(3, 400), twoModels(4, 12, { steps: 3 })];
  // From DeLong, DeLong and Clarke-Pearson 1988, without ranks: every positive against every negative.
  const program = `
import json, sys, numpy as np
from scipy.stats import norm
out = []
for c in json.load(sys.stdin):
    y = np.array(c["labels"])
    v10, v01 = [], []
    for s in (np.array(c["a"]), np.array(c["b"])):
        psi = (s[y == 1][:, None] > s[y == 0][None]) + 0.5 * (s[y == 1][:, None] == s[y == 0][None])
        v10.append(psi.mean(1)); v01.append(psi.mean(0))
    S = np.cov(v10) / (y == 1).sum() + np.cov(v01) / (y == 0).sum()
    aucs = [v.mean() for v in v10]
    se = np.sqrt(S[0, 0] + S[1, 1] - 2 * S[0, 1])
    z = (aucs[0] - aucs[1]) / se
    out.append([*aucs, se, z, 2 * norm.sf(abs(z)), np.sqrt(S[0, 0])])
print(json.dumps(out))`;
  const peers = await runPython<number[][]>(program, cases);
  cases.forEach(({ labels, a, b }, i) => {
    const { aucA, aucB, standardError, z, p } = delongTest(labels, a, b);
    const alone = delongInterval(labels, a).standardError;
    [aucA, aucB, standardError, z, p, alone].forEach((value, k) => {
      const expected = peers[i]?.[k] as number;
      assert.ok(Math.abs(value - expected) < 1e-9, `case ${i}, value ${k}: ${value}, expected ${expected}`);
    });
  });
});

interface Peers {
  readonly models: readonly {
    readonly labels: number[];
    readonly a: number[];
    readonly b: number[];
    readonly z: number;
    readonly p: number;
    readonly auc: number;
    readonly interval: readonly [number, number];
  }[];
  readonly tables: readonly Readonly<Record<"both" | "onlyA" | "onlyB" | "none" | "p", number>>[];
}

/** 97.5 % quantile of the normal distribution. */
const Z = 1.959963984540054;

/** What MLstatkit, confidenceinterval and statsmodels say (tests/fixtures/comparison/make.py). */
const peers = () => readJson<Peers>(join(projectRoot(), "tests", "fixtures", "comparison", "peers.json"));

test("DeLong's test equals MLstatkit's, and the standard error of an area confidenceinterval's", async () => {
  for (const { labels, a, b, z, p, auc, interval } of (await peers()).models) {
    const test = delongTest(labels, a, b);
    // MLstatkit subtracts the other way round.
    assert.ok(Math.abs(test.z + z) < 1e-9 && Math.abs(test.p - p) < 1e-9, `${test.z} ${z} ${test.p} ${p}`);
    // confidenceinterval works in single precision, and adds 1.96 standard errors.
    const alone = delongInterval(labels, a);
    const ends = [alone.auc, alone.auc - Z * alone.standardError, alone.auc + Z * alone.standardError].map(
      (end, i) => end - ([auc, ...interval][i] as number),
    );
    assert.ok(
      ends.every((difference) => Math.abs(difference) < 1e-7),
      `${ends}`,
    );
  }
});

test("McNemar's exact test equals statsmodels'", async () => {
  for (const { both, onlyA, onlyB, none, p } of (await peers()).tables) {
    const decisions = (a: boolean, b: boolean) => [
      ...Array<boolean>(both).fill(true),
      ...Array<boolean>(onlyA).fill(a),
      ...Array<boolean>(onlyB).fill(b),
      ...Array<boolean>(none).fill(false),
    ];
    const ours = mcnemarTest(decisions(true, false), decisions(false, true)).p;
    assert.ok(Math.abs(ours - p) < 1e-9, `${onlyA} and ${onlyB}: ${ours}, statsmodels ${p}`);
  }
});

test("DeLong: a model against itself is no different, against a worse one it is, and order only turns the sign", () => {
  const { labels, a, b } = twoModels(5, 800);
  assert.deepEqual([delongTest(labels, a, a).z, delongTest(labels, a, a).p], [0, 1]);
  const [there, back] = [delongTest(labels, a, b), delongTest(labels, b, a)];
  assert.ok(there.p < 0.001 && there.difference > 0);
  assert.equal(there.z, -back.z);
  // Any rising function of the scores leaves areas alone.
  assert.equal(
    delongTest(
      labels,
      a.map((score) => Math.exp(5 * score)),
      b,
    ).z,
    there.z,
  );
});

test("under no difference DeLong's p is below 0.05 about one time in twenty", () => {
  let rejected = 0;
  for (let seed = 0; seed < 300; seed++) {
    const random = new Random(seed, "null");
    const labels = Array.from({ length: 120 }, (_, i) => (i < 50 ? 1 : 0));
    const model = () => labels.map((label) => label * 0.8 + random.normal());
    if (delongTest(labels, model(), model()).p < 0.05) rejected++;
  }
  assert.ok(rejected >= 4 && rejected <= 30, `${rejected} of 300`);
});

test("McNemar's test on published counts: approval ratings (Agresti), 86 and 150 changed their mind", () => {
  const decisions = (a: number, b: number, both: number, none: number) => ({
    a: [...Array(a).fill(true), ...Array(b).fill(false), ...Array(both).fill(true), ...Array(none).fill(false)],
    b: [...Array(a).fill(false), ...Array(b).fill(true), ...Array(both).fill(true), ...Array(none).fill(false)],
  });
  const { a, b } = decisions(86, 150, 794, 570);
  const { p, ...counts } = mcnemarTest(a, b);
  assert.deepEqual(counts, { onlyA: 86, onlyB: 150, bothRight: 794, bothWrong: 570 });
  assert.ok(p > 3e-5 && p < 5e-5, `${p}`); // z = -4.17 by the normal approximation
  assert.equal(mcnemarTest([true, true], [true, true]).p, 1);
  assert.ok(Math.abs(mcnemarTest([true, true, true], [false, false, false]).p - 0.25) < 1e-12);
});

test("paired intervals are narrower than unpaired ones and agree with DeLong", () => {
  const { labels, a, b } = twoModels(6, 500);
  const paired = pairedDifferences(labels, { scores: a, threshold: 0.5 }, { scores: b, threshold: 0.5 });
  const { ci95, difference } = delongTest(labels, a, b);
  assert.ok(Math.abs(paired.rocAuc.difference - difference) < 1e-12);
  paired.rocAuc.ci95.forEach((end, i) => {
    assert.ok(Math.abs(end - (ci95[i] as number)) < 0.012);
  });
  const width = ([low, high]: readonly [number, number]) => high - low;
  const [ofA, ofB] = [binaryMetrics(labels, a), binaryMetrics(labels, b)];
  assert.equal(paired.accuracy.a, ofA.accuracy);
  assert.equal(paired.f1.b, ofB.f1);
  assert.ok(width(paired.rocAuc.ci95) < width(ofA.rocAucCi95 ?? [0, 0]) + width(ofB.rocAucCi95 ?? [0, 0]));
});

test("models are compared by file name, whatever the order of their rows", () => {
  const { labels, a, b } = twoModels(7, 90);
  const rows = (scores: number[]): Prediction[] =>
    scores.map((probability, i) => ({ filename: `${i}.png`, label: labels[i] as 0 | 1, logit: 0, probability }));
  const straight = compareModels({ predictions: rows(a), threshold: 0.5 }, { predictions: rows(b), threshold: 0.4 });
  const turned = compareModels(
    { predictions: rows(a), threshold: 0.5 },
    { predictions: rows(b).reverse(), threshold: 0.4 },
  );
  assert.deepEqual(turned, straight);
  assert.equal(straight.mcnemar.onlyA + straight.mcnemar.bothRight, Math.round(straight.differences.accuracy.a * 90));
  assert.throws(
    () => compareModels({ predictions: rows(a), threshold: 0.5 }, { predictions: rows(b).slice(1), threshold: 0.5 }),
    { code: "COMPARISON_IMAGES", message: /for example 0\.png/ },
  );
});

test("where a class is one group, how much areas vary is unknown, and no test claims to know it", () => {
  for (let seed = 0; seed < 20; seed++) {
    const { labels, a, b } = twoModels(seed, 60);
    const groups = Uint32Array.from(labels, (label, i) => (label === 1 ? 0 : 1 + (i % 7)));
    const { difference, standardError, p } = delongTest(labels, a, b, groups);
    assert.notEqual(difference, 0);
    assert.ok(Number.isNaN(standardError) && Number.isNaN(p), `seed ${seed}: ${standardError}, p ${p}`);
    const { ci95 } = delongInterval(labels, a, groups);
    assert.ok(ci95[0] > 0 && ci95[1] < 1, `seed ${seed}: ${ci95}`);
  }
});

/** Labels of patients with several images, and two models that are equally good and err alike on the images of a patient. */
function patientsAndModels(seed: number, patients: number, images: number) {
  const random = new Random(seed, "patients-and-models");
  const rows = Array.from({ length: patients }, (_, patient) => {
    const [a, b] = [random.normal(0, 1), random.normal(0, 1)];
    return Array.from({ length: images }, () => {
      const label = patient % 2;
      const score = (own: number) => label + own + random.normal(0, 0.5);
      return { label, patient, a: score(a), b: score(b) };
    });
  }).flat();
  return {
    labels: rows.map(({ label }) => label),
    a: rows.map((row) => row.a),
    b: rows.map((row) => row.b),
    groups: Uint32Array.from(rows, ({ patient }) => patient),
  };
}

test("patients whose images are wrong together do not make two equally good models differ", () => {
  const rejected = { mcnemar: 0, alone: 0, delong: 0, apart: 0 };
  for (let seed = 0; seed < 300; seed++) {
    const { labels, a, b, groups } = patientsAndModels(seed, 10, 12);
    const right = (scores: readonly number[]) => scores.map((score, i) => score >= 0.5 === (labels[i] === 1));
    if (mcnemarTest(right(a), right(b), groups).p < 0.05) rejected.mcnemar++;
    if (mcnemarTest(right(a), right(b)).p < 0.05) rejected.alone++;
    const { p, ci95 } = delongTest(labels, a, b, groups);
    if (p < 0.05) rejected.delong++;
    if (ci95[0] > 0 || ci95[1] < 0) rejected.apart++;
  }
  assert.ok(rejected.mcnemar <= 24 && rejected.delong <= 24, `of 300: ${JSON.stringify(rejected)}`);
  assert.ok(rejected.alone > 90, `image by image, McNemar's test rejects ${rejected.alone} of 300`);
  assert.ok(rejected.apart <= rejected.delong, "an interval without 0 goes with a small p");
});

test("patients of one image each are compared as images", () => {
  const { labels, a, b } = twoModels(9, 150);
  const rows = (scores: readonly number[], named: boolean) =>
    scores.map((probability, i): Prediction => {
      const row = { filename: `${i}.png`, label: labels[i] as 0 | 1, logit: 0, probability };
      return named ? { ...row, group: `patient ${i}` } : row;
    });
  const compared = (named: boolean) =>
    compareModels({ predictions: rows(a, named), threshold: 0.5 }, { predictions: rows(b, named), threshold: 0.5 });
  const [grouped, single] = [compared(true), compared(false)];
  assert.ok(Math.abs(grouped.mcnemar.p - single.mcnemar.p) < 1e-12);
  assert.ok(Math.abs(grouped.delong.p - single.delong.p) < 0.01, "Student's t of 50 degrees of freedom or more");
});

test("two models without an error may differ, unless they rank the images equally", () => {
  const labels = [0, 0, 0, 1, 1, 1];
  const [a, b] = [
    [0.1, 0.2, 0.3, 0.7, 0.8, 0.9],
    [0.2, 0.1, 0.3, 0.9, 0.8, 0.7],
  ];
  const { difference, ci95, p } = delongTest(labels, a, b);
  assert.deepEqual([difference, p], [0, 1]);
  assert.ok(ci95[0] < -0.2 && ci95[1] > 0.2, `${ci95}`);
  assert.deepEqual(
    delongTest(
      labels,
      a,
      a.map((score) => score ** 2),
    ).ci95,
    [0, 0],
  );
  const paired = pairedDifferences(labels, { scores: a, threshold: 0.5 }, { scores: b, threshold: 0.5 });
  assert.deepEqual(paired.rocAuc.ci95, ci95);
  assert.deepEqual(paired.accuracy.ci95, [0, 0], "they decide equally");
  // Also where the variance is unknown, because a class is one group.
  const groups = Uint32Array.from([0, 1, 2, 3, 3, 3]);
  const blurred = [0.1, 0.6, 0.3, 0.5, 0.8, 0.9];
  assert.deepEqual(delongTest(labels, blurred, blurred, groups).ci95, [0, 0]);
});
