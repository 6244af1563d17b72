/** @module Comparisons with trainings of several techniques. */
import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { writeSyntheticDataset } from "../../src/dataset/index";
import { readPredictions } from "../../src/evaluation/index";
import { compareTechniques, type ComparisonRow as Row, TECHNIQUES } from "../../src/experiments/index";
import { selectEnsemble } from "../../src/experiments/select-ensemble";
import { readJson } from "../../src/files/index";
import { type RunConfig, RunDirectory } from "../../src/runs/index";
import { writeBackbone } from "../support/backbone-file";
import { temporaryDirectory } from "../support/temporary-directory";

test("techniques are trained, exported and measured; finished ones are kept", async (context) => {
  const directory = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(directory, "cache");
  const [data, file] = [join(directory, "data"), join(directory, "backbone.onnx")];
  await writeSyntheticDataset({ out: data, images: 60, size: 32 });
  await writeBackbone(file, "class-token");
  const options = { data, out: join(directory, "out"), size: 32, epochs: 1 };
  const first = await compareTechniques({ ...options, models: ["colour"] });
  assert.deepEqual(
    first.rows.map(({ name }) => name),
    ["colour"],
  );
  const { rows, verdict } = await compareTechniques({ ...options, models: ["mlp-colour", "colour"], backbone: file });
  const candidates = rows.filter(({ name }) => name !== "ensemble");
  const members = await membersOf(candidates, options.out);
  assert.deepEqual(
    rows.map(({ name }) => name),
    ["colour", "mlp-colour", "backbone", ...(members.length > 1 ? ["ensemble"] : [])],
  );
  const [colour, mlp, , ensemble] = rows as [Row, Row, Row, Row?];
  assert.deepEqual(colour, first.rows[0], "kept as it was");
  assert.equal(mlp.test.n, 19);
  // Which models are selected depends on the processor's rounding, so the selection is repeated from the files.
  const alone = ` There is no ensemble: on validation no other model improves ${members[0]?.row.title}.`;
  assert.equal(verdict.endsWith(alone), members.length === 1, verdict);
  if (ensemble) checkEnsemble(ensemble, members);
  for (const row of rows) {
    assert.ok(row.parameters > 0 && row.diskBytes > 1000 && row.trainingMemoryBytes > 1e7 && row.latencyMs > 0);
    assert.ok(row.test.rocAuc >= 0 && row.test.rocAuc <= 1);
    const [low, high] = row.testCi95.balancedAccuracy;
    assert.ok(low <= row.test.balancedAccuracy && row.test.balancedAccuracy <= high);
    const beyond = row.beyondBaseline;
    if (row.name === "colour") assert.equal(beyond, undefined);
    else assert.ok(Math.abs((beyond?.difference ?? 9) - (row.test.rocAuc - colour.test.rocAuc)) < 1e-9);
  }
  const best = rows.reduce((one, other) => (other.validation.rocAuc > one.validation.rocAuc ? other : one));
  if (best === colour) {
    assert.match(verdict, /^Best on validation: the colour baseline itself\. Its test AUC is [01]\.\d{3}\./);
  } else {
    assert.match(verdict, /^Best on validation: .* colour baseline's/);
    assert.ok(verdict.startsWith(`Best on validation: ${best.title}.`), verdict);
  }
  assert.deepEqual(await readJson(join(options.out, "comparison.json")), {
    ...{ data, size: 32, seed: 0, rows, failed: [], verdict },
  });
  const page = await readFile(join(options.out, "comparison.html"), "utf8");
  for (const { title } of rows) assert.ok(page.includes(title));
  await assert.rejects(compareTechniques({ ...options, seed: 1, models: ["colour"] }), { code: "COMPARISON_OTHER" });
  await rm(data, { recursive: true });
  await writeSyntheticDataset({ out: data, images: 60, size: 32, seed: 5 });
  await assert.rejects(compareTechniques({ ...options, models: ["colour", "mlp"] }), {
    code: "COMPARISON_OTHER",
    message: /colour was trained on other images or labels than .*data holds now; choose another directory/,
  });
});

test("among regularizations validation decides", async (context) => {
  const directory = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(directory, "cache");
  const [data, out] = [join(directory, "data"), join(directory, "out")];
  await writeSyntheticDataset({ out: data, images: 60, size: 16 });
  const { rows } = await compareTechniques({ data, out, models: ["mlp-regularized"], size: 16, epochs: 2 });
  const choices = TECHNIQUES.find(({ name }) => name === "mlp-regularized")?.choices ?? [];
  assert.ok(choices.length >= 3);
  const results = await Promise.all(
    choices.map(async (choice) => {
      const run = new RunDirectory(join(out, "choices", "mlp-regularized", choice.name));
      const { validation } = await readJson<{ validation: { rocAuc: number } }>(run.metrics);
      return { choice, rocAuc: validation.rocAuc };
    }),
  );
  const best = results.reduce((a, b) => (b.rocAuc > a.rocAuc ? b : a)).choice;
  assert.ok(rows[0]?.note?.startsWith(best.title), `${rows[0]?.note} is not ${best.title}`);
  const config = await readJson<RunConfig>(new RunDirectory(join(out, "mlp-regularized")).config);
  assert.equal(config.dropout, best.options.dropout);
  assert.equal(config.augment, best.options.augment);
});

interface Member {
  readonly row: Row;
  readonly weight: number;
}

/** The models that the selection takes by the validation predictions in their runs' files. */
async function membersOf(candidates: readonly Row[], out: string): Promise<Member[]> {
  const predictions = await Promise.all(
    candidates.map(({ name }) => readPredictions(new RunDirectory(join(out, name)).predictions("validation"))),
  );
  const [first = []] = predictions;
  for (const rows of predictions) {
    assert.deepEqual(
      rows.map(({ filename }) => filename),
      first.map(({ filename }) => filename),
    );
  }
  const scores = predictions.map((rows) => rows.map(({ probability }) => probability));
  const weights = selectEnsemble(
    first.map(({ label }) => label),
    scores,
  );
  return candidates.map((row, i) => ({ row, weight: weights[i] as number })).filter(({ weight }) => weight > 0);
}

/** An ensemble names its members with their shares, and costs what they cost together. */
function checkEnsemble({ title, note = "", parameters, latencyMs }: Row, members: readonly Member[]): void {
  assert.equal(title, `ensemble of ${members.map(({ row }) => row.name).join(", ")}`);
  const shares = members.map(({ row, weight }) => `${row.name} ${Math.round(100 * weight)} %`).join(", ");
  assert.ok(note.split(";")[0]?.endsWith(`: ${shares}`), `${note} instead of ${shares}`);
  const total = (of: (row: Row) => number) => members.reduce((sum, { row }) => sum + of(row), 0);
  assert.equal(
    parameters,
    total((row) => row.parameters),
  );
  assert.ok(Math.abs(latencyMs - total((row) => row.latencyMs)) < 1e-9);
}
