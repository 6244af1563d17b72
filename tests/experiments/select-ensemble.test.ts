import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { logitOf, type Prediction, rank, rocAucOf, sigmoid, writePredictions } from "../../src/evaluation/index";
import { bestOnValidation, type ComparisonRow, ensembleRow, verdictOn } from "../../src/experiments/measure";
import { heldOutMeans, selectEnsemble } from "../../src/experiments/select-ensemble";
import { Random } from "../../src/random/index";
import { RunDirectory } from "../../src/runs/index";
import { temporaryDirectory } from "../support/temporary-directory";

/** Labels, and probabilities of models that see them through noise of the given strength. */
function models(...noises: number[]) {
  const random = new Random(2);
  const labels = Array.from({ length: 200 }, () => (random.chance(0.4) ? 1 : 0));
  const scores = noises.map((noise) =>
    labels.map((label) => 1 / (1 + Math.exp(-(2 * label - 1 + random.normal(0, noise))))),
  );
  return { labels, scores };
}

const lossOf = (labels: readonly number[], scores: readonly (readonly number[])[], weights: readonly number[]) =>
  labels.reduce((sum, label, i) => {
    const p = weights.reduce((mean, weight, k) => mean + weight * scores[k]![i]!, 0);
    return sum - Math.log(label ? p : 1 - p);
  }, 0);

test("models that err apart come in together, and are better together on validation", () => {
  const { labels, scores } = models(1, 1, 1);
  const weights = selectEnsemble(labels, scores);
  assert.ok(Math.abs(weights.reduce((a, b) => a + b) - 1) < 1e-9);
  assert.ok(weights.filter((weight) => weight > 0).length >= 2, `${weights}`);
  const alone = Math.min(
    ...[0, 1, 2].map((k) =>
      lossOf(
        labels,
        scores,
        [0, 1, 2].map((j) => Number(j === k)),
      ),
    ),
  );
  assert.ok(lossOf(labels, scores, weights) < alone);
});

test("tiles that did not choose the ensemble are told apart less well than those that did, as new ones are", () => {
  let [chosen, heldOut, fresh] = [0, 0, 0];
  for (let seed = 0; seed < 20; seed++) {
    const random = new Random(seed, "weak-models");
    const labels = Array.from({ length: 160 }, (_, i) => i % 2);
    // Thirty models that hardly know anything: some look good on the forty tiles that choose.
    const scores = Array.from({ length: 30 }, () =>
      labels.map((label) => 1 / (1 + Math.exp(-(0.3 * label + random.normal())))),
    );
    const [seen, own] = [labels.slice(0, 40), scores.map((model) => model.slice(0, 40))];
    const weights = selectEnsemble(seen, own);
    const means = labels.map((_, i) => scores.reduce((sum, model, k) => sum + weights[k]! * model[i]!, 0));
    chosen += rocAucOf(rank(seen, means.slice(0, 40))) / 20;
    heldOut += rocAucOf(rank(seen, heldOutMeans(seen, own) ?? [])) / 20;
    fresh += rocAucOf(rank(labels.slice(40), means.slice(40))) / 20;
  }
  assert.ok(chosen > fresh + 0.1, `${chosen} where it was chosen, ${fresh} on new tiles`);
  assert.ok(Math.abs(heldOut - fresh) < 0.07, `${heldOut} held out, ${fresh} on new tiles`);
});

test("a group's tiles are held out together", () => {
  const { labels, scores } = models(0.5, 1);
  const groups = labels.map((_, i) => Math.floor(i / 10));
  assert.equal(heldOutMeans(labels, scores, groups)?.length, 200);
  assert.equal(
    heldOutMeans(labels, scores, new Uint32Array(200)),
    undefined,
    "one group: nothing is left to choose on",
  );
});

test("a model that knows nothing, or the opposite, stays out", () => {
  const { labels, scores } = models(0.5, 30);
  const opposite = scores[0]!.map((p) => 1 - p);
  assert.deepEqual(selectEnsemble(labels, [...scores, opposite]), [1, 0, 0]);
});

test("an ensemble of models that are all certain is certain, however its weights were rounded", async (context) => {
  const folder = await temporaryDirectory(context);
  let roundedUp = 0;
  for (let seed = 0; seed < 8; seed++) {
    const random = new Random(seed, "certain");
    const labels = Array.from({ length: 40 }, () => (random.chance(0.5) ? 1 : 0) as 0 | 1);
    const names = Array.from({ length: 5 }, (_, model) => `${seed}-${model}`);
    const scores: number[][] = [];
    for (const name of names) {
      const rows = labels.map((label, i): Prediction => {
        // The first two tiles have logits of 40, whose probability is 1.
        const logit = i < 2 ? 40 : 2 * label - 1 + random.normal(0, 2);
        return { filename: `${i}.png`, label: i < 2 ? 1 : label, logit, probability: sigmoid(logit) };
      });
      scores.push(rows.map(({ probability }) => probability));
      const run = new RunDirectory(join(folder, name));
      for (const partition of ["validation", "test"] as const) await writePredictions(run.predictions(partition), rows);
    }
    const own = labels.map((label, i) => (i < 2 ? 1 : label));
    const candidates = names.map((name) => ({ name, size: 8 }) as ComparisonRow);
    const ensemble = await ensembleRow(candidates, (name) => new RunDirectory(join(folder, name)));
    if ("alone" in ensemble) continue;
    if (selectEnsemble(own, scores).reduce((sum, weight) => sum + weight, 0) > 1) roundedUp++;
    const { test } = ensemble;
    assert.equal(test.reduce((most, { probability }) => Math.max(most, probability), 0) <= 1, true);
  }
  assert.ok(roundedUp > 0, "no sum of weights was rounded up");
});

test("predictions are paired by image, in whatever order a run stored them", async (context) => {
  const folder = await temporaryDirectory(context);
  const runOf = (name: string) => new RunDirectory(join(folder, name));
  const random = new Random(3, "pairs");
  const rows = (noise: number) =>
    Array.from({ length: 60 }, (_, i): Prediction => {
      const label = (i % 2) as 0 | 1;
      const logit = 2 * label - 1 + random.normal(0, noise);
      return { filename: `${i}.png`, label, logit, probability: sigmoid(logit) };
    });
  const [a, b] = [rows(1), rows(1.5)];
  const write = async (name: string, own: readonly Prediction[]) => {
    for (const partition of ["validation", "test"] as const)
      await writePredictions(runOf(name).predictions(partition), own);
  };
  await write("a", a);
  await write("b", b);
  await write("turned", [...b].reverse());
  const ensembleOf = (...names: string[]) =>
    ensembleRow(
      names.map((name) => ({ name, size: 8 }) as ComparisonRow),
      runOf,
    );
  const [turned, ensemble] = [await ensembleOf("a", "turned"), await ensembleOf("a", "b")];
  assert.ok("test" in turned && "test" in ensemble);
  assert.deepEqual(turned.test, ensemble.test);
  await write("turned", b.slice(1));
  await assert.rejects(ensembleOf("a", "turned"), { code: "COMPARISON_IMAGES" });
});

test("an ensemble is the best on validation only if it is on tiles that did not choose it", async (context) => {
  const folder = await temporaryDirectory(context);
  const runOf = (name: string) => new RunDirectory(join(folder, name));
  const random = new Random(11, "many weak");
  const labels = Array.from({ length: 60 }, (_, i) => (i % 2) as 0 | 1);
  const names = Array.from({ length: 30 }, (_, k) => `model-${k}`);
  const candidates: ComparisonRow[] = [];
  for (const name of names) {
    const rows = labels.map((label, i): Prediction => {
      const logit = 0.3 * label + random.normal();
      return { filename: `${i}.png`, label, logit, probability: sigmoid(logit) };
    });
    for (const partition of ["validation", "test"] as const)
      await writePredictions(runOf(name).predictions(partition), rows);
    const rocAuc = rocAucOf(
      rank(
        labels,
        rows.map(({ logit }) => logit),
      ),
    );
    candidates.push({ name, size: 8, validation: { rocAuc } } as ComparisonRow);
  }
  const ensemble = await ensembleRow(candidates, runOf);
  assert.ok("row" in ensemble);
  const { row } = ensemble;
  const single = Math.max(...candidates.map(({ validation }) => validation.rocAuc));
  assert.ok(row.validation.rocAuc > single && (row.unseenRocAuc ?? 1) < single, `${row.unseenRocAuc}, ${single}`);
  assert.notEqual(bestOnValidation([...candidates, row])?.name, "ensemble");
});

test("a model that no other improves is no ensemble", async (context) => {
  const folder = await temporaryDirectory(context);
  const runOf = (name: string) => new RunDirectory(join(folder, name));
  const { labels, scores } = models(0.5, 30);
  for (const [k, name] of ["good", "bad"].entries()) {
    const rows = labels.map((label, i): Prediction => {
      const logit = Math.min(40, Math.max(-40, logitOf(scores[k]![i]!)));
      return { filename: `${i}.png`, label: label ? 1 : 0, logit, probability: sigmoid(logit) };
    });
    for (const partition of ["validation", "test"] as const)
      await writePredictions(runOf(name).predictions(partition), rows);
  }
  const candidates = ["bad", "good"].map((name) => ({ name, size: 8 }) as ComparisonRow);
  assert.deepEqual(await ensembleRow(candidates, runOf), { alone: candidates[1] });
});

test("the verdict names the best on validation, also if that is the baseline, or if there is none", () => {
  const row = (name: string, validation: number, beyond?: readonly [number, number]) =>
    ({
      ...{ name, title: `the ${name}`, validation: { rocAuc: validation }, test: { rocAuc: 0.9 } },
      ...(beyond && { beyondBaseline: { difference: 0.02, ci95: beyond } }),
    }) as unknown as ComparisonRow;
  const [weak, strong, colour] = [row("cnn", 0.8, [-0.1, 0.1]), row("vit", 0.95, [0.01, 0.03]), row("colour", 0.85)];
  assert.match(
    verdictOn([colour, weak]),
    /^Best on validation: the colour baseline itself\. Its test AUC is 0\.900\.$/,
  );
  assert.match(verdictOn([colour, weak, strong]), /^Best on validation: the vit\. .* beats the colour baseline's/);
  assert.match(verdictOn([row("cnn", 0.8), row("vit", 0.7)]), /^Best on validation: the cnn\. .*no colour baseline/);
  assert.match(
    verdictOn([colour, weak], colour),
    /There is no ensemble: on validation no other model improves the colour\.$/,
  );
});
