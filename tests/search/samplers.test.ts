import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createSampler,
  type KnownTrial,
  parseSpace,
  type SamplerName,
  type Settings,
  sizeOfSpace,
} from "../../src/search/index";

const KNOWN_FUNCTION = parseSpace({
  lr: { logUniform: [1e-5, 1] },
  dropout: { uniform: [0, 0.9] },
  batch: { integer: [8, 256], step: 8 },
  optimizer: { choice: ["adam", "sgd", "rmsprop", "adamw"] },
});

/** Best at lr 1e-3, dropout 0.3, batch 64 and adamw, where it is 0. */
function merit({ lr, dropout, batch, optimizer }: Settings): number {
  const off = [Math.log10(lr as number) + 3, 3 * ((dropout as number) - 0.3), ((batch as number) - 64) / 64];
  return -off.reduce((sum, x) => sum + x * x, 0) - (optimizer === "adamw" ? 0 : 1);
}

function bestOf(name: SamplerName, seed: number, budget: number): number {
  const sampler = createSampler(name, KNOWN_FUNCTION, seed);
  const known: KnownTrial[] = [];
  for (let trial = 0; trial < budget; trial++) {
    const settings = sampler(trial, known) as Settings;
    known.push({ settings, merit: merit(settings) });
  }
  return Math.max(...known.map((trial) => trial.merit as number));
}

test("TPE comes nearer to the optimum of a known function than random search with the same number of trials", () => {
  const seeds = Array.from({ length: 40 }, (_, i) => i);
  const mean = (name: SamplerName) => seeds.reduce((sum, seed) => sum + bestOf(name, seed, 60), 0) / seeds.length;
  const [tpe, random] = [mean("tpe"), mean("random")];
  assert.ok(tpe > 0.75 * random, `mean distance from the optimum: TPE ${-tpe}, random ${-random}`);
});

test("a grid tries every combination once, in order", () => {
  const space = parseSpace({ hidden: { choice: [[8], [16]] }, batch: { integer: [8, 24], step: 8 } });
  const sampler = createSampler("grid", space, 0);
  const all = Array.from({ length: 7 }, (_, trial) => sampler(trial, []));
  assert.deepEqual(all[1], { hidden: [8], batch: 16 });
  assert.equal(new Set(all.slice(0, 6).map((settings) => JSON.stringify(settings))).size, 6);
  assert.equal(all[6], undefined);
  assert.throws(() => createSampler("grid", KNOWN_FUNCTION, 0), /lr: a grid needs a choice/);
});

test("random and TPE never repeat a trial and end when a finite space is exhausted", () => {
  const space = parseSpace({ hidden: { choice: [[8], [16], [32]] }, dropout: { choice: [0, 0.1, 0.2, 0.3] } });
  for (const name of ["random", "tpe"] as const) {
    const sampler = createSampler(name, space, 3);
    const known: KnownTrial[] = [];
    for (let settings = sampler(0, known); settings; settings = sampler(known.length, known)) {
      known.push({ settings, merit: known.length });
    }
    assert.equal(new Set(known.map(({ settings }) => JSON.stringify(settings))).size, 12, name);
  }
});

test("a trial's proposal depends on its number and on what is known only", () => {
  const known = Array.from({ length: 12 }, (_, trial) => {
    const settings = createSampler("random", KNOWN_FUNCTION, 5)(trial, []) as Settings;
    return { settings, merit: merit(settings) };
  });
  const again = () => createSampler("tpe", KNOWN_FUNCTION, 5)(12, known);
  assert.deepEqual(again(), again());
});

test("a range of one value keeps it after any number of trials", () => {
  const space = parseSpace({
    lr: { logUniform: [1e-3, 1e-3] },
    dropout: { uniform: [0.2, 0.2] },
    l2: { uniform: [0, 1] },
  });
  const sampler = createSampler("tpe", space, 0);
  const known: KnownTrial[] = [];
  for (let trial = 0; trial < 30; trial++) {
    const settings = sampler(trial, known) as Settings;
    assert.ok(Math.abs((settings.lr as number) - 1e-3) < 1e-15, `lr ${settings.lr}`);
    assert.equal(settings.dropout, 0.2);
    known.push({ settings, merit: -(settings.l2 as number) });
  }
});

test("a range of a billion integers is drawn from like any other", () => {
  const space = parseSpace({ seed: { integer: [0, 2 ** 31] }, views: { integer: [1, 8], step: 7 } });
  assert.equal(sizeOfSpace(space), 2 * (2 ** 31 + 1));
  for (const name of ["random", "tpe"] as const) {
    const sampler = createSampler(name, space, 0);
    const known: KnownTrial[] = [];
    for (let trial = 0; trial < 12; trial++) {
      const settings = sampler(trial, known) as Settings;
      assert.ok(Number.isInteger(settings.seed) && (settings.seed as number) <= 2 ** 31, `${settings.seed}`);
      assert.ok([1, 8].includes(settings.views as number), `${settings.views}`);
      known.push({ settings, merit: trial });
    }
  }
});
