import assert from "node:assert/strict";
import { test } from "node:test";
import { tf } from "../../src/tensorflow/index";
import { createLoss } from "../../src/training/index";
import { positiveWeightOf } from "../../src/training/losses";

const PLAIN = { loss: "bce", positiveWeight: 1, labelSmoothing: 0, focalGamma: 2 } as const;
const LOGITS = [-3, -0.2, 0.7, 2.5];
const LABELS = [0, 1, 0, 1];

/** The definition, in double precision. */
function definition(options: typeof PLAIN | Record<string, number | string>, logits = LOGITS): number {
  const { positiveWeight, labelSmoothing, focalGamma, loss } = options as Record<string, number> & { loss: string };
  let [sum, weights] = [0, 0];
  logits.forEach((z, i) => {
    const y = LABELS[i]!;
    const target = y * (1 - labelSmoothing!) + labelSmoothing! / 2;
    const p = 1 / (1 + Math.exp(-z));
    const entropy = -target * Math.log(p) - (1 - target) * Math.log(1 - p);
    const focus = (loss as string) === "focal" ? (y ? 1 - p : p) ** focalGamma! : 1;
    const weight = y ? positiveWeight! : 1;
    sum += weight * focus * entropy;
    weights += weight;
  });
  return sum / weights;
}

const column = (values: number[]) => tf.tensor2d(values, [values.length, 1]);

for (const change of [
  {},
  { positiveWeight: 2.5 },
  { labelSmoothing: 0.1 },
  { loss: "focal" as const },
  { loss: "focal" as const, positiveWeight: 3 },
]) {
  test(`loss with ${JSON.stringify(change)} equals its definition`, () => {
    const options = { ...PLAIN, ...change };
    const value = createLoss(options)(column(LOGITS), column(LABELS)).dataSync()[0]!;
    assert.ok(Math.abs(value - definition(options)) < 1e-6, `${value} is not ${definition(options)}`);
  });

  test(`the gradient with ${JSON.stringify(change)} is the slope of the definition`, () => {
    const options = { ...PLAIN, ...change };
    const gradient = tf.grad((logits) => createLoss(options)(logits as tf.Tensor2D, column(LABELS)))(column(LOGITS));
    [...gradient.dataSync()].forEach((slope, i) => {
      const at = (step: number) =>
        definition(
          options,
          LOGITS.map((z, j) => z + (i === j ? step : 0)),
        );
      const expected = (at(1e-5) - at(-1e-5)) / 2e-5;
      assert.ok(Math.abs(slope - expected) < 1e-6, `${slope} is not ${expected}`);
    });
  });
}

test("the focal loss has a gradient where nothing is missed, whatever its gamma", () => {
  const labels = column([1, 0, 1]);
  for (const focalGamma of [0, 0.5, 1, 2]) {
    const loss = createLoss({ ...PLAIN, loss: "focal", focalGamma });
    const gradient = tf
      .grad((logits) => loss(logits as tf.Tensor2D, labels))(column([100, -100, 0.3]))
      .dataSync();
    assert.ok(gradient.every(Number.isFinite), `gamma ${focalGamma}: ${gradient}`);
    assert.ok(gradient[0] === 0);
  }
});

test("the focal loss of an answer that is almost certain is as small as its definition", () => {
  for (const label of [0, 1]) {
    for (const z of [20, 40, 300, 800]) {
      const loss = createLoss({ ...PLAIN, loss: "focal", focalGamma: 0.5, labelSmoothing: 0.1 });
      const logits = column([label ? z : -z]);
      // The probability that is missing is exp(-z) here, to less than a ten-millionth.
      const [entropy, focus] = [0.05 * z, Math.exp(-z / 2)];
      const slope = (0.05 - entropy / 2) * focus;
      const near = (value: number, expected: number) =>
        assert.ok(Math.abs(value - expected) <= 1e-6 * Math.abs(expected) + 1e-44, `${z}: ${value} for ${expected}`);
      near(loss(logits, column([label])).dataSync()[0]!, entropy * focus);
      const gradient = tf
        .grad((x) => loss(x as tf.Tensor2D, column([label])))(logits)
        .dataSync()[0]!;
      near(label ? gradient : -gradient, slope);
    }
  }
});

test("very large logits neither overflow nor vanish", () => {
  const loss = (logit: number, label: number) => createLoss(PLAIN)(column([logit]), column([label])).dataSync()[0]!;
  assert.equal(loss(1e4, 0), 1e4);
  assert.equal(loss(-1e4, 1), 1e4);
  assert.equal(loss(1e4, 1), 0);
});

test("the automatic weight of positives is 1 where both classes are drawn equally often", () => {
  const labels = [0, 0, 0, 1];
  assert.equal(positiveWeightOf({ positiveWeight: "auto", sampler: "shuffle" }, labels), 3);
  assert.equal(positiveWeightOf({ positiveWeight: "auto", sampler: "balanced" }, labels), 1);
  assert.equal(positiveWeightOf({ positiveWeight: 2, sampler: "balanced" }, labels), 2);
});
