import assert from "node:assert/strict";
import { test } from "node:test";
import { TECHNIQUES } from "../../src/experiments/index";
import { registeredModels, registerModel } from "../../src/models/registry/index";
import { resolveTrainingOptions } from "../../src/options/index";

test("every registered network has a recipe of valid options and is compared", () => {
  for (const { name, recipe } of registeredModels()) {
    assert.equal(resolveTrainingOptions({ data: "DIR", model: name, ...recipe(96) }).model, name);
    assert.ok(TECHNIQUES.some((technique) => technique.name === name));
  }
});

test("a name that is taken, or that a flag cannot carry, is refused", () => {
  const entry = { title: "", description: "", recipe: () => ({}) };
  assert.throws(() => registerModel({ name: "mlp", ...entry }), /There is a model mlp already/);
  assert.throws(() => registerModel({ name: "My net", ...entry }), /My net is not like mlp or my-network/);
});
