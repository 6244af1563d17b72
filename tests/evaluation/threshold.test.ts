import assert from "node:assert/strict";
import { test } from "node:test";
import {
  chooseThreshold,
  confusionAt,
  decisionMetrics,
  parseThresholdRule,
  type ThresholdRule,
  thresholdRuleText,
} from "../../src/evaluation/index";
import { awkwardRows, randomRows } from "../support/scored-rows";

const sets = [1, 2, 3, 4, 5].map((seed) => randomRows(seed, 120, { signal: 0.1, steps: seed * 10 }));

/** Every threshold that can make a difference, and what a rule is worth there: the slow, obvious way. */
function bestByTrying(scores: number[], worth: (threshold: number) => number): number {
  const thresholds = [...scores, ...scores.map((score) => score + 1e-9), 0, 1];
  return Math.max(...thresholds.map(worth));
}

test("F1 and balanced accuracy are as high as at any threshold", () => {
  for (const { labels, scores } of sets) {
    const at = (threshold: number) => decisionMetrics(confusionAt(labels, scores, threshold));
    const f1 = chooseThreshold(labels, scores, { rule: "f1" });
    assert.equal(
      at(f1.threshold).f1,
      bestByTrying(scores, (t) => at(t).f1),
    );
    assert.equal(f1.value, at(f1.threshold).f1);
    const balanced = chooseThreshold(labels, scores);
    assert.equal(balanced.rule, "balanced-accuracy");
    assert.equal(
      at(balanced.threshold).balancedAccuracy,
      bestByTrying(scores, (t) => at(t).balancedAccuracy),
    );
  }
});

test("of thresholds that are equally good but for rounding, the one closest to 0.5 is chosen", () => {
  // From 0.2 on, recall and specificity are 0.9 and 0.4, from 0.5 on 0.7 and 0.6, and 0.7 + 0.6 is rounded down.
  const rows = [
    { score: 0.1, positives: 1, negatives: 4 },
    { score: 0.3, positives: 2, negatives: 2 },
    { score: 0.7, positives: 7, negatives: 4 },
  ].flatMap(({ score, positives, negatives }) =>
    Array.from({ length: positives + negatives }, (_, i) => ({ score, label: i < positives ? 1 : 0 })),
  );
  const { threshold } = chooseThreshold(
    rows.map(({ label }) => label),
    rows.map(({ score }) => score),
  );
  assert.equal(threshold, 0.5);
});

test("scores of exactly 0 and 1, as saturated models give, are told apart", () => {
  const [labels, scores] = [
    [0, 0, 1, 1],
    [0, 0, 1, 1],
  ];
  for (const rule of ["f1", "balanced-accuracy", "recall>=0.9", "cost=5"]) {
    assert.equal(chooseThreshold(labels, scores, parseThresholdRule(rule)).threshold, 0.5, rule);
  }
});

test("a recall rule finds its share with as few false alarms as possible", () => {
  for (const { labels, scores } of sets) {
    const at = (threshold: number) => decisionMetrics(confusionAt(labels, scores, threshold));
    const chosen = chooseThreshold(labels, scores, { rule: "recall", atLeast: 0.9 });
    assert.ok(at(chosen.threshold).recall >= 0.9);
    const best = bestByTrying(scores, (t) => (at(t).recall >= 0.9 ? at(t).specificity : -1));
    assert.equal(at(chosen.threshold).specificity, best);
    assert.equal(chosen.value, at(chosen.threshold).recall);
  }
});

test("a cost rule pays as little as possible, and a dear miss lowers the threshold", () => {
  for (const { labels, scores } of sets) {
    const cost = (missed: number) => (threshold: number) => {
      const { fn, fp } = confusionAt(labels, scores, threshold);
      return -(missed * fn + fp);
    };
    const cheap = chooseThreshold(labels, scores, { rule: "cost", missed: 1 });
    const dear = chooseThreshold(labels, scores, { rule: "cost", missed: 20 });
    assert.equal(cost(20)(dear.threshold), bestByTrying(scores, cost(20)));
    assert.ok(dear.threshold <= cheap.threshold);
    assert.equal(cheap.value, -cost(1)(cheap.threshold) / labels.length);
  }
});

test("scores that only rounding tells apart are decided alike", () => {
  // A tile and its copy, which the next processor may put in the other order.
  const logits = [-2, 0.3, 0.3 + 1e-7, 2];
  const scores = logits.map((logit) => 1 / (1 + Math.exp(-logit)));
  const { threshold } = chooseThreshold([0, 0, 1, 1], scores);
  assert.ok(threshold < scores[1]! - 0.01 || threshold > scores[2]! + 0.01, `${threshold} lies between ${scores}`);
  const small = [1e-12, 1e-9, 1e-7];
  assert.ok(chooseThreshold([0, 1, 1], small).threshold < 1e-9, "small scores may differ much");
});

test("thresholds lie midway between scores, so the last bit of a score changes nothing", () => {
  const { threshold } = chooseThreshold([0, 0, 1, 1], [0.1, 0.2, 0.6, 0.9], { rule: "f1" });
  assert.equal(threshold, 0.4);
});

test("every rule gives a threshold from 0 to 1 on awkward sets, and 0.5 where one class is missing", () => {
  const rules: ThresholdRule[] = [
    { rule: "f1" },
    { rule: "balanced-accuracy" },
    { rule: "recall", atLeast: 1 },
    { rule: "cost", missed: 3 },
  ];
  for (const { name, labels, scores } of awkwardRows) {
    for (const rule of rules) {
      const { threshold, value } = chooseThreshold(labels, scores, rule);
      assert.ok(threshold >= 0 && threshold <= 1, `${name}: ${threshold}`);
      if (new Set(labels).size === 1) assert.deepEqual([threshold, value], [0.5, Number.NaN], name);
    }
  }
});

test("rules are read as they are written", () => {
  for (const text of ["f1", "balanced-accuracy", "recall>=0.95", "cost=5"]) {
    assert.equal(thresholdRuleText(parseThresholdRule(text)), text);
  }
  assert.deepEqual(parseThresholdRule("recall=0.9"), { rule: "recall", atLeast: 0.9 });
  for (const text of ["best", "recall", "recall>=1.5", "cost=-1", "cost=x", "f1=2", ""]) {
    assert.throws(() => parseThresholdRule(text), { code: "THRESHOLD_RULE_UNKNOWN" }, text);
  }
});
