import assert from "node:assert/strict";
import { test } from "node:test";
import { applyLayer, BlockDense, CounterDropout, mlpOnFeatures, setStep } from "../../src/models/index";
import {
  Adam,
  disposeGradient,
  disposeGradients,
  hasBf16Products,
  multiplyOut,
  type Optimizer,
  passForUpdate,
  RmsProp,
  runtime,
  Sgd,
  setUpdateWay,
  tf,
  trainableVariables,
  trainingPass,
  type UpdateWay,
  withPrecision,
} from "../../src/tensorflow/index";

const options = { skip: !runtime.fusedUpdates && "the project's operations are not there" };

/** Loss, logits and gradients of a pass, computed in the given way; by `product` the whole chain is one operation. */
function pass(model: tf.LayersModel, x: tf.Tensor, way: UpdateWay): Float32Array[] {
  setUpdateWay(way);
  try {
    const { loss, logits, gradients } = trainingPass(model, x, (z) => tf.mean(tf.square(tf.sub(z, 0.5))) as tf.Scalar);
    const results = [loss, logits, ...trainableVariables(model).map((variable) => gradients.get(variable)!)].map(
      (value) => {
        const whole = multiplyOut(value);
        const values = whole.dataSync() as Float32Array;
        if (whole !== value) whole.dispose();
        return values;
      },
    );
    tf.dispose([loss, logits]);
    for (const gradient of gradients.values()) disposeGradient(gradient);
    return results;
  } finally {
    setUpdateWay("product");
  }
}

for (const precision of hasBf16Products() ? (["fp32", "bf16"] as const) : (["fp32"] as const)) {
  for (const [batch, width, hidden, dropout] of [
    [64, 40, [70, 33], 0],
    [1, 5, [3], 0],
    [130, 17, [96, 48, 7], 0],
    [64, 40, [300, 200], 0.25],
    [130, 17, [96, 48, 70], 0.5],
  ] as const) {
    test(
      `a chain of ${hidden.length + 1} Dense layers gives what its layers give one by one (${precision}, ${batch} examples, dropout ${dropout})`,
      options,
      () => {
        withPrecision(precision, () => {
          const model = mlpOnFeatures(width, { hidden, dropout, seed: 3 });
          setStep(model, 7);
          const x = tf.randomNormal([batch, width], 0, 1, "float32", 5);
          const [own, other] = [pass(model, x, "product"), pass(model, x, "rule")];
          own.forEach((values, i) => {
            const expected = other[i]!;
            assert.equal(values.length, expected.length);
            // Where only the chain rounds to bf16, single units change between zero and a little more.
            const error = Math.hypot(...values.map((value, j) => value - expected[j]!)) / Math.hypot(...expected);
            assert.ok(error < (precision === "fp32" ? 1e-5 : 0.1), `result ${i}: relative error ${error}`);
          });
          assert.ok(own.at(-1)!.some((value) => value !== 0));
          x.dispose();
          model.dispose();
        });
      },
    );
  }
}

/** Weights, slots and averages after three updates by an optimizer that computes a chain's gradients itself, or not. */
function trained(create: () => Optimizer, model: tf.LayersModel, batch: number, itself: boolean): Float32Array[] {
  const optimizer = create();
  const before = tf.memory().numTensors;
  for (let step = 0; step < 3; step++) {
    const x = tf.randomNormal([batch, 40], 0, 1, "float32", step + 1);
    setStep(model, step);
    const pass = itself ? passForUpdate : trainingPass;
    const { loss, logits, gradients } = pass(model, x, (z) => tf.mean(tf.square(tf.sub(z, 0.5))) as tf.Scalar);
    assert.equal(gradients instanceof Map, !itself);
    optimizer.apply(gradients, 1e-2);
    tf.dispose([x, loss, logits]);
  }
  const variables = trainableVariables(model);
  const values = [
    ...variables.map((variable) => variable.dataSync<"float32">().slice()),
    ...optimizer.state(variables, ({ name }) => name).map((slot) => slot.read().slice()),
  ];
  optimizer.dispose();
  model.dispose();
  assert.ok(tf.memory().numTensors <= before);
  return values;
}

const rules: Record<string, () => Optimizer> = {
  "Adam with decay, penalties, a limit and averages": () =>
    new Adam({ weightDecay: 0.1, l1: 1e-3, l2: 1e-3, clipValue: 0.01, averageDecay: 0.9 }),
  momentum: () => new Sgd({ momentum: 0.9, nesterov: true }),
  descent: () => new Sgd({ momentum: 0 }),
  RMSprop: () => new RmsProp({}),
};
for (const precision of hasBf16Products() ? (["fp32", "bf16"] as const) : (["fp32"] as const)) {
  for (const [rule, create] of Object.entries(rules)) {
    test(
      `one pass that computes gradients and updates gives the same bits as two (${rule}, ${precision})`,
      options,
      () => {
        withPrecision(precision, () => {
          for (const [batch, hidden, dropout] of [
            [64, [520, 130], 0],
            [7, [50], 0.3],
            [70, [33, 17, 300], 0],
            [70, [33, 17, 300], 0.5],
          ] as const) {
            const [one, two] = [true, false].map((itself) =>
              trained(create, mlpOnFeatures(40, { hidden, dropout, seed: 3 }), batch, itself),
            );
            assert.deepEqual(one, two);
          }
        });
      },
    );
  }
}

test("weights that are frozen, at first or between two passes, get no gradient", () => {
  const model = mlpOnFeatures(6, { hidden: [4, 3] });
  const x = tf.ones([3, 6]);
  const names = () => {
    const { loss, logits, gradients } = trainingPass(model, x, (z) => tf.mean(z) as tf.Scalar);
    tf.dispose([loss, logits]);
    for (const gradient of gradients.values()) disposeGradient(gradient);
    return [...gradients.keys()];
  };
  for (const way of ["rule", "product"] as const) {
    setUpdateWay(way);
    assert.equal(names().length, 6);
    const frozen = model.getLayer("dense_2");
    frozen.trainable = false;
    const before = tf.memory().numTensors;
    assert.deepEqual(new Set(names()), new Set(trainableVariables(model)), way);
    assert.equal(tf.memory().numTensors, before);
    frozen.trainable = true;
  }
  tf.dispose(x);
  model.dispose();
});

test("a pass leaves nothing behind", options, () => {
  const model = mlpOnFeatures(6, { hidden: [4] });
  const x = tf.ones([3, 6]);
  pass(model, x, "product");
  const before = tf.memory().numTensors;
  pass(model, x, "product");
  assert.equal(tf.memory().numTensors, before);
  assert.throws(() => pass(model, tf.ones([3, 5]), "product"), /do not fit its input/);
  tf.dispose(x);
  model.dispose();
});

test("a chain drops the units that its dropout layers drop, and scales the others", options, () => {
  const model = mlpOnFeatures(6, { hidden: [400], dropout: 0.25, seed: 5 });
  const x = tf.randomNormal([9, 6], 0, 1, "float32", 2);
  const [, dense, relu, dropout] = model.layers;
  setStep(model, 11);
  const { loss, logits, gradients } = passForUpdate(model, x, (z) => tf.mean(z) as tf.Scalar);
  assert.ok(!(gradients instanceof Map));
  const values = (gradients.inputs[1] as tf.Tensor).dataSync();
  const expected = [dense, relu, dropout]
    .reduce((y, layer) => layer!.apply(y, { training: true }) as tf.Tensor, x as tf.Tensor)
    .dataSync();
  assert.ok(values.every((value, i) => Math.abs(value - expected[i]!) <= 1e-5 * Math.abs(expected[i]!) + 1e-6));
  const zeros = values.filter((value) => value === 0).length / values.length;
  assert.ok(
    zeros > 0.55 && zeros < 0.7,
    `${zeros} of the units are zero: half by ReLU, a quarter of the rest by dropout`,
  );
  disposeGradients(gradients);
  tf.dispose([loss, logits, x]);
  model.dispose();
});

/** Layers on 40 features: a number is a dense layer of so many units. */
function networkOf(layers: readonly (number | "relu" | "dropout")[]): tf.LayersModel {
  const input = tf.input({ shape: [40] });
  const output = layers.reduce((x: tf.SymbolicTensor, kind, i) => {
    if (kind === "relu") return applyLayer(tf.layers.activation({ activation: "relu" }), x);
    if (kind === "dropout") return applyLayer(new CounterDropout({ rate: 0.5, seed: i }), x);
    return applyLayer(new BlockDense({ units: kind, seed: i, inputGradient: i > 0 }), x);
  }, input);
  return tf.model({ inputs: input, outputs: output });
}

for (const [where, layers] of [
  ["the first layer", [30, "relu", "dropout", 70, "relu", 1]],
  ["the last but one", [30, "relu", 70, "relu", "dropout", 1]],
] as const) {
  test(`a chain may have dropout behind ${where} only`, options, () => {
    withPrecision("fp32", () => {
      const momentum = () => new Sgd({ momentum: 0.9 });
      const [one, two] = [true, false].map((itself) => trained(momentum, networkOf(layers), 70, itself));
      assert.deepEqual(one, two);
      setUpdateWay("rule");
      const byLayers = trained(momentum, networkOf(layers), 70, false);
      setUpdateWay("product");
      byLayers.forEach((expected, i) => {
        const error = Math.hypot(...expected.map((value, j) => value - one![i]![j]!)) / Math.hypot(...expected);
        assert.ok(error < 1e-4, `result ${i}: relative error ${error}`);
      });
    });
  });
}

test("dropout elsewhere than behind a hidden layer's ReLU makes no chain", options, () => {
  const x = tf.randomNormal([5, 40], 0, 1, "float32", 3);
  for (const layers of [
    ["dropout", 30, "relu", 1],
    [30, "dropout", 1],
    [30, "relu", "dropout", "dropout", 1],
    [30, "relu", 1, "dropout"],
    [30, "relu", 20, "relu", "dropout"],
  ] as const) {
    const model = networkOf(layers);
    const { loss, logits, gradients } = passForUpdate(model, x, (z) => tf.mean(z) as tf.Scalar);
    assert.ok(gradients instanceof Map, layers.join(", "));
    disposeGradients(gradients);
    tf.dispose([loss, logits]);
    model.dispose();
  }
  x.dispose();
});

test("other networks are computed layer by layer: normalization, another activation, frozen weights", options, () => {
  const x = tf.ones([3, 6]);
  for (const more of [
    { normalization: "layer" },
    { dropout: 0.5, normalization: "layer" },
    { activation: "tanh" },
    {},
  ] as const) {
    const model = mlpOnFeatures(6, { hidden: [4], ...more });
    if (Object.keys(more).length === 0) model.layers[1]!.trainable = false;
    const [own, other] = [pass(model, x, "product"), pass(model, x, "rule")];
    assert.equal(own.length, other.length);
    assert.ok(Math.abs(own[0]![0]! - other[0]![0]!) < 1e-5);
    model.dispose();
  }
  x.dispose();
});
