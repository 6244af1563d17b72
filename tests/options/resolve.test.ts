import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultTrainingOptions, optionsOf, resolveTrainingOptions } from "../../src/options/index";

const resolve = (options: object) => resolveTrainingOptions({ data: "tiles", ...options });

test("what is not said has its default", () => {
  assert.deepEqual(resolve({ batch: 8 }), { ...defaultTrainingOptions, data: "tiles", batch: 8 });
});

test("numbers outside their range are refused, by name", () => {
  for (const [options, message] of [
    [{ batch: 2.5 }, "The training option batch must be a whole number from 1 to 1048576, not 2.5."],
    [{ patience: -1 }, "The training option patience must be a whole number from 0 to 1000000, not -1."],
    [{ focalGamma: -0.5 }, "The training option focalGamma must lie from 0 to 100, not -0.5."],
    [{ l2: -1e-4 }, "The training option l2 must lie from 0 to 1000000, not -0.0001."],
    [{ clipNorm: Number.NaN }, "The training option clipNorm must lie from 0 to 1000000000000, not NaN."],
  ] as const) {
    assert.throws(() => resolve(options), { code: "OPTION_RANGE", message });
  }
});

test("every number has a range", () => {
  for (const [name, value] of Object.entries(defaultTrainingOptions)) {
    if (typeof value !== "number") continue;
    assert.throws(() => resolve({ [name]: -1 }), { code: "OPTION_RANGE" }, name);
    assert.throws(() => resolve({ [name]: Number.NaN }), { code: "OPTION_RANGE" }, name);
  }
});

test("the former name of an option is understood", () => {
  assert.equal(resolve({ beside: "colour" }).extraFeatures, "colour");
  assert.deepEqual(optionsOf({ beside: "colour", name: "an old run" }), { extraFeatures: "colour" });
});

test("a wrong type, an unknown name and an unknown model are told apart", () => {
  assert.throws(() => resolve({ epochs: "3" }), { code: "OPTION_TYPE", message: /epochs must be like 20/ });
  assert.throws(() => resolve({ epoch: 3 }), {
    code: "OPTION_UNKNOWN",
    message: /no training option epoch\. Known: data/,
  });
  assert.throws(() => resolve({ dataset: { postive: "SSA" } }), {
    code: "OPTION_UNKNOWN",
    message: /dataset\.postive/,
  });
  assert.throws(() => resolve({ model: "resnet" }), { code: "MODEL_UNKNOWN" });
  assert.throws(() => resolve({ loss: "hinge" }), { code: "OPTION_RANGE", message: /one of bce, focal, not hinge/ });
});

test("positive tiles have a weight above 0: without any, a batch of them alone has no mean", () => {
  assert.equal(resolve({ positiveWeight: 1e-3 }).positiveWeight, 1e-3);
  for (const positiveWeight of [0, -1]) {
    assert.throws(() => resolve({ positiveWeight }), { code: "OPTION_RANGE", message: /auto/ });
  }
});

test("a learning rate is above 0, or auto", () => {
  assert.equal(resolve({ lr: 0.5 }).lr, 0.5);
  for (const lr of [0, -1, "fast"]) assert.throws(() => resolve({ lr }), { code: "OPTION_RANGE", message: /auto/ });
});

test("batch normalization of single images, which would learn nothing, is refused", () => {
  const options = { data: "polyps", normalization: "batch" } as const;
  assert.throws(
    () => resolveTrainingOptions({ ...options, batch: 1 }),
    /--normalization batch needs --batch 2 or more/,
  );
  assert.equal(resolveTrainingOptions({ ...options, batch: 2 }).batch, 2);
  const small = { data: "polyps", model: "cnn", size: 63 } as const;
  assert.throws(() => resolveTrainingOptions({ ...small, batch: 1 }), /--model cnn with --size 63 needs --batch 2/);
  assert.equal(resolveTrainingOptions({ ...small, batch: 2 }).batch, 2);
  assert.equal(resolveTrainingOptions({ ...small, size: 64, batch: 1 }).batch, 1);
});
