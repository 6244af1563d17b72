import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../src/random/index";
import { fitLogistic } from "../support/logistic";

/** Rows of normal numbers, and labels that depend on the first two. */
function examples(count: number, k: number) {
  const random = new Random(4);
  const x = Float64Array.from({ length: count * k }, () => random.normal());
  const labels = Array.from({ length: count }, (_, i) =>
    random.next() < 1 / (1 + Math.exp(-(2 * x[i * k]! - x[i * k + 1]! + 0.5))) ? 1 : 0,
  );
  return { x, labels, k };
}

describe("fitLogistic", () => {
  it("ends where the gradient of the penalized loss is zero", () => {
    const { x, labels, k } = examples(200, 6);
    const { weights, bias } = fitLogistic(x, labels, [3]);
    const errors = labels.map((label, i) => {
      let z = bias;
      for (let j = 0; j < k; j++) z += x[i * k + j]! * weights[j]!;
      return 1 / (1 + Math.exp(-z)) - label;
    });
    for (let j = 0; j < k; j++) {
      const gradient = errors.reduce((sum, error, i) => sum + error * x[i * k + j]!, 3 * weights[j]!);
      assert.ok(Math.abs(gradient) < 1e-4, `${gradient}`);
    }
    assert.ok(Math.abs(errors.reduce((a, b) => a + b)) < 1e-4);
  });

  it("finds what the labels depend on", () => {
    const { x, labels } = examples(2000, 3);
    const { weights, bias } = fitLogistic(x, labels);
    for (const [value, truth] of [
      [weights[0]!, 2],
      [weights[1]!, -1],
      [weights[2]!, 0],
      [bias, 0.5],
    ] as const) {
      assert.ok(Math.abs(value - truth) < 0.3, `${value} for ${truth}`);
    }
  });

  it("takes a strong penalty where there is nothing to learn, and copes with separable classes", () => {
    const random = new Random(9);
    const x = Float64Array.from({ length: 60 * 30 }, () => random.normal());
    const noise = Array.from({ length: 60 }, () => (random.chance(0.5) ? 1 : 0));
    assert.ok(fitLogistic(x, noise).penalty >= 30);
    const separable = fitLogistic([-2, -1, 1, 2], [0, 0, 1, 1], [0.1]);
    assert.ok(Number.isFinite(separable.weights[0]) && separable.weights[0]! > 1);
  });

  it("takes the penalty whose fits are best on the fold that they were not fitted to", () => {
    const penalties = [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000];
    for (const [rows, columns] of [
      [60, 3],
      [60, 20],
      [200, 10],
    ] as const) {
      const { x, labels, k } = examples(rows, columns);
      const turns = [0, 0];
      const folds = labels.map((label) => turns[label]!++ % 5);
      const lossOf = (penalty: number) => {
        let sum = 0;
        for (let fold = 0; fold < 5; fold++) {
          const seen = labels.flatMap((_, i) => (folds[i] === fold ? [] : [i]));
          const own = Float64Array.from(seen.flatMap((i) => [...x.subarray(i * k, (i + 1) * k)]));
          const { weights, bias } = fitLogistic(
            own,
            seen.map((i) => labels[i]!),
            [penalty],
          );
          for (const [i, label] of labels.entries()) {
            if (folds[i] !== fold) continue;
            const logit = weights.reduce((z, weight, j) => z + weight * x[i * k + j]!, bias);
            sum += Math.log1p(Math.exp(label ? -logit : logit));
          }
        }
        return sum;
      };
      const losses = penalties.map(lossOf);
      const best = penalties[losses.indexOf(Math.min(...losses))];
      assert.equal(fitLogistic(x, labels, penalties).penalty, best, `${rows} x ${columns}: ${losses}`);
    }
  });

  it("ends there with more columns than rows, and with more than are solved directly, too", () => {
    for (const [rows, columns] of [
      [60, 450],
      [400, 250],
      [300, 450],
    ] as const) {
      const { x, labels, k } = examples(rows, columns);
      const { weights, bias } = fitLogistic(x, labels, [5]);
      const errors = labels.map((label, i) => {
        let z = bias;
        for (let j = 0; j < k; j++) z += x[i * k + j]! * weights[j]!;
        return 1 / (1 + Math.exp(-z)) - label;
      });
      for (let j = 0; j < k; j++) {
        const gradient = errors.reduce((sum, error, i) => sum + error * x[i * k + j]!, 5 * weights[j]!);
        assert.ok(Math.abs(gradient) < 1e-3, `${gradient}`);
      }
    }
  });

  it("copes with more columns than rows where rows are the same, and takes the same penalty as by the columns", () => {
    const { x, labels, k } = examples(40, 60);
    const twice = Float64Array.from(
      { length: 2 * x.length },
      (_, i) => x[Math.floor(i / k / 2) * k + (i % k)] as number,
    );
    const [rows, columns] = [fitLogistic(x, labels), fitLogistic(twice, labels, undefined, 2)];
    assert.equal(rows.penalty, columns.penalty);
    rows.weights.forEach((weight, j) => void assert.ok(Math.abs(weight - columns.weights[j]!) < 1e-6));
    const same = Float64Array.from(
      { length: x.length },
      (_, i) => x[(Math.floor(i / k / 2) * k + (i % k)) % x.length]!,
    );
    assert.ok(fitLogistic(same, labels).weights.every(Number.isFinite));
  });

  it("takes a strong penalty where only the groups of the examples can be recognized", () => {
    const random = new Random(12);
    const [patients, tiles, k] = [12, 8, 20];
    const looks = Array.from({ length: patients }, () => Float64Array.from({ length: k }, () => random.normal()));
    const groups = Uint32Array.from({ length: patients * tiles }, (_, i) => Math.floor(i / tiles));
    const labels = Array.from(groups, (patient) => patient % 2);
    const x = Float64Array.from({ length: groups.length * k }, (_, i) => {
      return looks[groups[Math.floor(i / k)] as number]![i % k]! + random.normal(0, 0.3);
    });
    const [together, apart] = [fitLogistic(x, labels, undefined, 1, groups), fitLogistic(x, labels)];
    assert.equal(together.penalty, 1000);
    assert.ok(apart.penalty < 10, `${apart.penalty}`);
  });

  it("compares penalties also for one group, and for two whose first examples are of both classes", () => {
    const { x, labels } = examples(80, 4);
    const alone = fitLogistic(x, labels).penalty;
    assert.ok(alone < 1000);
    assert.equal(fitLogistic(x, labels, undefined, 1, new Uint32Array(80)).penalty, alone);
    const first = labels.findIndex((label) => label !== labels[0]);
    const two = Uint32Array.from(labels, (_, i) => Number(i === first || (i > first && i % 2 === 0)));
    assert.ok(fitLogistic(x, labels, undefined, 1, two).penalty < 1000);
  });

  it("counts the rows of an example together, and keeps them in one fold", () => {
    const { x, labels, k } = examples(80, 4);
    const twice = Float64Array.from({ length: 2 * x.length }, (_, i) => {
      const row = Math.floor(i / k);
      return x[Math.floor(row / 2) * k + (i % k)] as number;
    });
    const [once, repeated] = [fitLogistic(x, labels), fitLogistic(twice, labels, undefined, 2)];
    assert.equal(repeated.penalty, once.penalty);
    repeated.weights.forEach((weight, j) => {
      assert.ok(Math.abs(weight - once.weights[j]!) < 1e-6);
    });
  });
});
