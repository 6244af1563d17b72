import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import {
  Adam,
  type Optimizer,
  RmsProp,
  runtime,
  Sgd,
  setUpdateWay,
  tf,
  withPrecision,
} from "../../src/tensorflow/index";

const START = [0.5, -1.2, 3, 0.01];
const GRADIENTS = [
  [0.1, -0.4, 2, -0.003],
  [-0.2, 0.1, 1.5, 0.2],
  [0.3, 0.3, -0.7, 0],
  [0.05, -1, 0.2, -0.1],
];
const RATE = 0.05;
/** True in a process that a test below started with fewer instructions. */
const isLimited = process.env.HISTO_MAX_CPU_ISA !== undefined;

/** Five steps of a fused optimizer, and of its definition in double precision. */
function compare(
  optimizer: Optimizer,
  definition: (w: number, g: number, state: number[], step: number) => number,
): void {
  const variable = tf.variable(tf.tensor2d([START]));
  const expected = START.map((value) => ({ value, state: [0, 0] }));
  GRADIENTS.forEach((gradient, i) => {
    optimizer.apply(new Map([[variable, tf.tensor2d([gradient])]]), RATE);
    expected.forEach((weight, j) => {
      weight.value = definition(weight.value, gradient[j] as number, weight.state, i + 1);
    });
  });
  [...variable.dataSync()].forEach((value, j) => {
    assert.ok(
      Math.abs(value - (expected[j] as { value: number }).value) < 2e-6,
      `${value} is not ${expected[j]?.value}`,
    );
  });
  optimizer.dispose();
  assert.equal(variable.dataSync().length, 4, "the variable keeps its values when the optimizer is gone");
  variable.dispose();
}

function adam(w: number, g: number, state: number[], step: number): number {
  state[0] = 0.9 * (state[0] as number) + 0.1 * g;
  state[1] = 0.999 * (state[1] as number) + 0.001 * g * g;
  const rate = (RATE * Math.sqrt(1 - 0.999 ** step)) / (1 - 0.9 ** step);
  return w - (rate * state[0]) / (Math.sqrt(state[1]) + 1e-8);
}

test("Adam follows Kingma and Ba", () => compare(new Adam(), adam));

test("AdamW takes the decay off the weights, not off the gradient", () => {
  compare(new Adam({ weightDecay: 0.1 }), (w, g, state, step) => adam(w * (1 - RATE * 0.1), g, state, step));
});

test("L1 and L2 penalties are part of the gradient", () => {
  compare(new Sgd({ momentum: 0, l1: 0.01, l2: 0.02 }), (w, g) => w - RATE * (g + 0.01 * Math.sign(w) + 0.04 * w));
});

test("clipping by value limits each element", () => {
  compare(new Sgd({ momentum: 0, clipValue: 0.25 }), (w, g) => w - RATE * Math.max(-0.25, Math.min(0.25, g)));
});

test("SGD with momentum, and with Nesterov's look ahead", () => {
  const accumulate = (g: number, state: number[]) => {
    state[0] = 0.9 * (state[0] as number) + g;
    return state[0];
  };
  compare(new Sgd({ momentum: 0.9 }), (w, g, state) => w - RATE * accumulate(g, state));
  compare(new Sgd({ momentum: 0.9, nesterov: true }), (w, g, state) => w - RATE * (g + 0.9 * accumulate(g, state)));
});

test("RMSProp divides by the running root mean square", () => {
  compare(new RmsProp(), (w, g, state) => {
    state[0] = 0.9 * (state[0] as number) + 0.1 * g * g;
    return w - (RATE * g) / Math.sqrt(state[0] + 1e-8);
  });
});

test("updates happen in place: many steps leave no tensors behind", () => {
  const optimizer = new Adam({ weightDecay: 0.01 });
  const variable = tf.variable(tf.ones([64, 8]));
  const step = () => optimizer.apply(new Map([[variable, tf.ones([64, 8])]]), 0.01);
  step();
  const before = tf.memory().numTensors;
  for (let i = 0; i < 20; i++) step();
  assert.equal(tf.memory().numTensors, before);
  optimizer.dispose();
  variable.dispose();
});

for (const [batch, rows, columns] of [
  [5, 7, 3],
  [64, 40, 49],
  [33, 700, 400],
] as const) {
  for (const products of ["fp32", "bf16"] as const) {
    test(`a gradient [${rows}, ${columns}] in ${products} factors of ${batch} gives the update of their product`, () => {
      // Quarters are exact in bfloat16, so that the two ways differ by nothing but the order of their sums.
      const quarters = (shape: [number, number], seed: number) =>
        tf.div(tf.round(tf.randomNormal(shape, 0, 4, "float32", seed)), 4) as tf.Tensor2D;
      const [inputs, errors] = [quarters([batch, rows], 1), quarters([batch, columns], 2)];
      const apart = () => ({ inputs: inputs.clone(), errors: errors.clone() });
      const [a, b] = [tf.variable(tf.ones([rows, columns])), tf.variable(tf.ones([rows, columns]))];
      const options = { momentum: 0.9, weightDecay: 0.1, averageDecay: 0.5 };
      const [whole, factored] = [new Sgd(options), new Sgd(options)];
      withPrecision(products, () => {
        for (let step = 0; step < 2; step++) {
          whole.apply(new Map([[a, tf.matMul(inputs, errors, true, false)]]), 0.01);
          factored.apply(new Map([[b, apart()]]), 0.01);
        }
      });
      const difference = () => tf.tidy(() => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0] as number);
      assert.ok(difference() < 1e-5, `weights differ by ${difference()}`);
      for (const optimizer of [whole, factored]) optimizer.swapAverages();
      assert.ok(difference() < 1e-5, `averages differ by ${difference()}`);
    });
  }
}

test("two models that were given the same tensor do not share their training", () => {
  const shared = tf.ones([3, 3]);
  const [a, b] = [tf.variable(shared), tf.variable(shared)];
  const optimizer = new Adam({ averageDecay: 0.9 });
  optimizer.apply(new Map([[a, tf.ones([3, 3])]]), 0.1);
  assert.notDeepEqual([...a.dataSync()], [...shared.dataSync()]);
  assert.deepEqual([...b.dataSync()], [...shared.dataSync()]);
});

test("the moving average follows the weights, and changes places with them and back", () => {
  const optimizer = new Sgd({ momentum: 0, averageDecay: 0.5 });
  const variable = tf.variable(tf.tensor2d([[1]]));
  let [weight, average] = [1, 1];
  for (let step = 1; step <= 6; step++) {
    optimizer.apply(new Map([[variable, tf.tensor2d([[1]])]]), 0.1);
    weight -= 0.1;
    const decay = Math.min(0.5, (1 + step) / (10 + step));
    average = decay * average + (1 - decay) * weight;
  }
  const near = (expected: number) => assert.ok(Math.abs((variable.dataSync()[0] as number) - expected) < 1e-6);
  near(weight);
  optimizer.swapAverages();
  near(average);
  optimizer.swapAverages();
  near(weight);
});

test("HISTO_MAX_CPU_ISA limits the project's operations", { skip: !runtime.isa || !isLimited }, () => {
  const kinds = ["plain", "avx2", "avx512", "amx"];
  assert.ok(kinds.indexOf(runtime.isa as string) <= kinds.indexOf(process.env.HISTO_MAX_CPU_ISA as string));
});

for (const way of ["product", "rule", "tensorflow"] as const) {
  test(`a gradient in factors is multiplied out as a plain loop does it (${way})`, () => {
    setUpdateWay(way);
    for (const [batch, rows, columns] of [
      [1, 1, 1],
      [5, 17, 47],
      [64, 35, 101],
      [33, 16, 96],
    ] as const) {
      const inputs = tf.randomNormal([batch, rows], 0, 1, "float32", 7) as tf.Tensor2D;
      const errors = tf.randomNormal([batch, columns], 0, 1, "float32", 8) as tf.Tensor2D;
      const [x, e] = [inputs.dataSync(), errors.dataSync()];
      const variable = tf.variable(tf.zeros([rows, columns]));
      const optimizer = new Sgd({ momentum: 0 });
      optimizer.apply(new Map([[variable, { inputs, errors }]]), 1);
      const values = variable.dataSync();
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          let sum = 0;
          for (let k = 0; k < batch; k++) sum -= (x[k * rows + row] as number) * (e[k * columns + column] as number);
          assert.ok(Math.abs((values[row * columns + column] as number) - sum) < 1e-4, `${batch} ${row} ${column}`);
        }
      }
      optimizer.dispose();
      variable.dispose();
    }
    setUpdateWay("product");
  });
}

for (const [where, variables] of [
  ["on plain JavaScript", { HISTO_TENSORFLOW: "javascript" }],
  ["by TensorFlow's own operations, as on a GPU", { HISTO_FUSED_UPDATES: "0" }],
  ["with AVX2 only", { HISTO_MAX_CPU_ISA: "avx2" }],
  ["with AVX-512 but no matrix tiles", { HISTO_MAX_CPU_ISA: "avx512" }],
] as const) {
  test(`the same optimizers work ${where}`, { skip: !runtime.fusedUpdates || isLimited }, () => {
    const { status, stdout } = spawnSync(process.execPath, [__filename], {
      encoding: "utf8",
      env: { ...process.env, ...variables, NODE_TEST_CONTEXT: "" },
    });
    assert.equal(status, 0, stdout);
  });
}
