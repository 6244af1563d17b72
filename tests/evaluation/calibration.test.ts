import assert from "node:assert/strict";
import { test } from "node:test";
import {
  calibrationBins,
  calibrationLine,
  calibrationTest,
  expectedCalibrationError,
  finiteLogits,
  fitTemperature,
  logLoss,
  measuredBins,
  sigmoid,
} from "../../src/evaluation/index";
import { Random } from "../../src/random/index";
import { runPython, withoutPython } from "../support/python";
import { randomRows } from "../support/scored-rows";

/** Labels drawn from probabilities whose logits are then stretched: the right temperature is the stretch. */
function stretched(n: number, stretch: number, shift = 0) {
  const random = new Random(51, "stretched", n);
  const truth = Array.from({ length: n }, () => random.normal(0, 1.5));
  const labels = truth.map((logit) => (random.chance(sigmoid(logit)) ? 1 : 0));
  return { labels, logits: truth.map((logit) => stretch * (logit - shift)) };
}

test("temperature scaling finds the stretch that was put in", () => {
  for (const stretch of [0.25, 1, 3]) {
    const { labels, logits } = stretched(20_000, stretch);
    const { temperature, before, after } = fitTemperature(labels, logits) ?? assert.fail("no temperature");
    assert.ok(Math.abs(temperature / stretch - 1) < 0.05, `${temperature} for ${stretch}`);
    assert.ok(after <= before);
    const error = (t: number) =>
      expectedCalibrationError(
        labels,
        logits.map((logit) => sigmoid(logit / t)),
      );
    if (stretch !== 1) assert.ok(error(temperature) < 0.5 * error(1));
  }
});

test("temperature and calibration line equal SciPy's and scikit-learn's optimum", {
  skip: withoutPython(),
}, async () => {
  const cases = [stretched(300, 2.5, 0.4), stretched(50, 0.5), stretched(2000, 1, -1)];
  const program = `
import json, sys, numpy as np
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression
out = []
for c in json.load(sys.stdin):
    y, z = np.array(c["labels"]), np.array(c["logits"])
    loss = lambda b: np.mean(np.logaddexp(0, b * z) - b * z * y)
    best = minimize_scalar(lambda t: loss(1 / t), bounds=(0.01, 100), method="bounded", options={"xatol": 1e-10})
    line = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(z[:, None], y)
    out.append([best.x, best.fun, line.coef_[0, 0], line.intercept_[0]])
print(json.dumps(out))`;
  const peers = await runPython<[number, number, number, number][]>(program, cases);
  cases.forEach(({ labels, logits }, i) => {
    const [temperature, loss, slope, intercept] = peers[i] as [number, number, number, number];
    const ours = fitTemperature(labels, logits) ?? assert.fail("no temperature");
    assert.ok(Math.abs(ours.temperature - temperature) < 1e-5, `${ours.temperature}, SciPy ${temperature}`);
    assert.ok(Math.abs(ours.after - loss) < 1e-10);
    const line = calibrationLine(labels, logits);
    assert.ok(Math.abs(line.slope - slope) < 1e-4, `${line.slope}, scikit-learn ${slope}`);
    assert.ok(Math.abs(line.intercept - intercept) < 1e-4);
  });
});

test("the calibration test rejects right probabilities as rarely as it says, and wrong ones nearly always", () => {
  const sample = (seed: number, stretch: number, shift = 0) => {
    const random = new Random(seed, "calibration-test");
    const truth = Array.from({ length: 200 }, () => random.normal(0, 1.5));
    const labels = truth.map((logit) => (random.chance(sigmoid(logit)) ? 1 : 0));
    return calibrationTest(
      labels,
      truth.map((logit) => stretch * logit + shift),
    );
  };
  const rejected = (level: number, ...wrong: [number, number?]) =>
    Array.from({ length: 400 }, (_, seed) => sample(seed, ...wrong)).filter((p) => p < level).length / 400;
  const right = rejected(0.05, 1);
  assert.ok(right > 0.02 && right < 0.08, `${right}`);
  assert.ok(rejected(0.01, 2.5) > 0.95, "too sure of itself");
  assert.ok(rejected(0.01, 1, 1) > 0.95, "too many positives");
  assert.ok(Number.isNaN(calibrationTest([1, 1], [0, 1])));
  assert.ok(Math.abs(calibrationTest([0, 1, 0, 1], [0, 0, 0, 0]) - 1) < 1e-12, "a constant that is right");
});

test("right probabilities of patients whose images are alike are not rejected, and wrong ones still are", () => {
  const sample = (seed: number, stretch: number) => {
    const random = new Random(seed, "calibration-of-patients");
    const groups = Uint32Array.from({ length: 300 }, (_, i) => Math.floor(i / 10));
    // All images of a patient have the label and nearly the logit of the first.
    const patients = Array.from({ length: 30 }, () => {
      const truth = random.normal(0, 1.5);
      return { truth, label: random.chance(sigmoid(truth)) ? 1 : 0 };
    });
    const rows = Array.from(groups, (group) => patients[group] as (typeof patients)[number]);
    const labels = rows.map(({ label }) => label);
    const logits = rows.map(({ truth }) => stretch * (truth + random.normal(0, 0.1)));
    return [calibrationTest(labels, logits, groups), calibrationTest(labels, logits)] as const;
  };
  const rejected = (stretch: number) => {
    const ps = Array.from({ length: 200 }, (_, seed) => sample(seed, stretch));
    return [0, 1].map((which) => ps.filter((p) => (p[which] as number) < 0.05).length / 200) as [number, number];
  };
  const [grouped, single] = rejected(1);
  assert.ok(grouped < 0.09 && single > 0.4, `with patients ${grouped}, without ${single}`);
  assert.ok(rejected(6)[0] > 0.5, `${rejected(6)}`);
});

test("patients of one image each are tested as images", () => {
  const { labels, logits } = stretched(400, 1.6, 0.2);
  const [grouped, single] = [
    calibrationTest(labels, logits, Uint32Array.from(labels.keys())),
    calibrationTest(labels, logits),
  ];
  assert.ok(Math.abs(Math.log(grouped / single)) < 0.3, `${grouped} against ${single}`);
  // One patient says nothing, and a line that does not exist has no variance.
  assert.ok(calibrationTest(labels, logits, new Uint32Array(400)) > 0.5);
  assert.ok(calibrationTest([0, 0, 1, 1], [-2, -1, 1, 2], Uint32Array.from([0, 0, 1, 1])) > 0.2);
});

test("a temperature does not depend on the scale of the logits, however large or small", () => {
  const { labels, logits } = stretched(300, 1);
  const usual = fitTemperature(labels, logits) ?? assert.fail("no temperature");
  for (const scale of [1e-30, 1e-4, 1e3, 1e30]) {
    const found = fitTemperature(
      labels,
      logits.map((z) => scale * z),
    );
    assert.ok(Math.abs((found?.temperature ?? 0) / (scale * usual.temperature) - 1) < 1e-9, `${scale}`);
    assert.ok(Math.abs((found?.after ?? 0) - usual.after) < 1e-12);
  }
  // Constant logits can be scaled to the share of positives, if that is on their side.
  const constant = (share: number, logit: number) =>
    fitTemperature(
      Array.from({ length: 10 }, (_, i) => (i < 10 * share ? 1 : 0)),
      Array<number>(10).fill(logit),
    )?.temperature;
  assert.ok(Math.abs((constant(0.6, 1000) ?? 0) - 1000 / Math.log(1.5)) < 1e-6);
  assert.equal(constant(0.4, 1000), undefined);
  assert.equal(constant(0.6, 0), undefined, "0.5 whatever the temperature");
});

test("one logit far beyond all others leaves the others their line", () => {
  const { labels, logits } = stretched(300, 2);
  const line = calibrationLine(labels, logits);
  for (const far of [1e5, 1e8, 1e30, 1e38]) {
    const found = calibrationLine([...labels, 1], [...logits, far]);
    assert.ok(Math.abs(found.slope - line.slope) < 1e-6 && Math.abs(found.intercept - line.intercept) < 1e-6, `${far}`);
    const wrong = calibrationLine([...labels, 0], [...logits, far]);
    assert.ok(Math.abs(wrong.slope) < 1e-3 && Number.isFinite(wrong.intercept), "no slope is small enough for it");
  }
});

test("scores without an optimum have no temperature and no line", () => {
  const separable = { labels: [0, 0, 1, 1], logits: [-2, -1, 1, 2] };
  // Of separable scores a temperature near 0 would make every later mistake a certain one.
  assert.equal(fitTemperature(separable.labels, separable.logits), undefined);
  assert.equal(fitTemperature([0, 0, 1, 1], [-4.5, -4, 4, 5]), undefined, "of scores that are far apart");
  assert.ok(Number.isNaN(calibrationLine(separable.labels, separable.logits).slope));
  assert.equal(fitTemperature([1, 1, 0, 0], [-2, -1, 1, 2]), undefined);
  assert.equal(fitTemperature([1, 1], [3, 4]), undefined);
  assert.equal(fitTemperature([1, 1, 1], [2, 3, -1]), undefined, "of one class, which says nothing about the other");
  assert.equal(fitTemperature([0, 1], [0, 0]), undefined);
  assert.equal(fitTemperature([0, 0, 1, 1], [-800, -700, 700, 800]), undefined);
});

test("bins hold every row once and keep the mean", () => {
  const { labels, scores } = randomRows(52, 500);
  const bins = calibrationBins(labels, scores, 10);
  assert.equal(
    bins.reduce((sum, { count }) => sum + count, 0),
    500,
  );
  const weighted = bins.reduce((sum, bin) => sum + (bin.count > 0 ? bin.count * bin.meanProbability : 0), 0);
  const total = scores.reduce((sum, score) => sum + score, 0);
  assert.ok(Math.abs(weighted - total) < 1e-9);
  for (const bin of bins.filter(({ count }) => count > 0)) {
    assert.ok(bin.meanProbability >= bin.low && bin.meanProbability <= bin.high);
  }
});

test("the bars of a bin count patients, not their images", () => {
  const { labels, scores } = randomRows(53, 400);
  const alone = measuredBins(labels, scores, 5);
  const thrice = <T>(values: readonly T[]) => values.flatMap((value) => [value, value, value]);
  const patients = measuredBins(thrice(labels), thrice(scores), 5, Uint32Array.from(thrice([...labels.keys()])));
  alone.forEach(({ count, positiveShare, positiveShareCi95: [low, high] }, i) => {
    const [low3, high3] = (patients[i] as (typeof patients)[number]).positiveShareCi95;
    assert.ok(count === 0 || (low <= positiveShare && positiveShare <= high));
    assert.ok(Math.abs(low3 - low) < 0.05 && Math.abs(high3 - high) < 0.05, `bin ${i}: ${low3} to ${high3}`);
    assert.ok(count === 0 || high3 - low3 >= high - low - 1e-9, "Student's t");
  });
});

test("the loss is exact where a probability would be rounded to 1", () => {
  assert.equal(logLoss([0], [800]), 800);
  assert.equal(logLoss([1], [800]), 0);
  assert.ok(finiteLogits([0, 1, 0.5]).every(Number.isFinite));
});

test("line and test of logits do not depend on their scale", () => {
  const { labels, logits } = stretched(300, 2.5, 0.4);
  const known = calibrationLine(labels, logits);
  for (const scale of [1e-5, 1e4]) {
    const scaled = logits.map((logit) => scale * logit);
    const { slope, intercept } = calibrationLine(labels, scaled);
    assert.ok(Math.abs(slope * scale - known.slope) < 1e-8 * known.slope, `${slope}`);
    assert.ok(Math.abs(intercept - known.intercept) < 1e-8);
    const best = logLoss(
      labels,
      logits.map((logit) => known.intercept + known.slope * logit),
    );
    const expected = Math.exp(-labels.length * (logLoss(labels, scaled) - best));
    assert.ok(Math.abs(calibrationTest(labels, scaled) - expected) <= 1e-6 * expected, `${scale}`);
  }
});

test("scores that overlap in one value only have no line, but a likelihood that lines approach", () => {
  const [labels, logits] = [
    [0, 0, 1, 0, 1, 1],
    [-1, -1, 0, 0, 1, 1],
  ];
  assert.ok(Number.isNaN(calibrationLine(labels, logits).slope));
  // Each of the two rows at 0 costs ln 2, the others nothing.
  const expected = Math.exp(2 * Math.LN2 - 6 * logLoss(labels, logits));
  assert.ok(Math.abs(calibrationTest(labels, logits) - expected) < 1e-6, `${calibrationTest(labels, logits)}`);
});
