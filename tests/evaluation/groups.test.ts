import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  binaryMetrics,
  type Prediction,
  probabilityByVotes,
  readGroups,
  resultsByAgreement,
  subgroupTable,
  worstMistakes,
} from "../../src/evaluation/index";
import { Random } from "../../src/random/index";
import { temporaryDirectory } from "../support/temporary-directory";

/** A tile with votes of seven experts for the positive class; the label is their majority's. */
function tile(index: number, votes: number, probability: number): Prediction {
  const logit = Math.log(probability / (1 - probability));
  return {
    filename: `${index}.png`,
    label: votes > 3 ? 1 : 0,
    logit,
    probability,
    votes: { positive: votes, total: 7 },
  };
}

const random = new Random(61);
const tiles = Array.from({ length: 700 }, (_, i) => {
  const votes = i % 8;
  return tile(i, votes, Math.min(0.999, Math.max(0.001, (votes + 0.5) / 8 + random.normal(0, 0.25))));
});

test("results by agreement run from the most disputed to the clearest and add up to the whole", () => {
  const groups = resultsByAgreement(tiles, 0.5);
  assert.deepEqual(
    groups.map(({ agreement }) => agreement),
    ["4/7", "5/7", "6/7", "7/7"],
  );
  assert.equal(
    groups.reduce((sum, { n }) => sum + n, 0),
    700,
  );
  const right = groups.reduce((sum, { n, accuracy }) => sum + n * accuracy, 0);
  const { labels, scores } = { labels: tiles.map((row) => row.label), scores: tiles.map((row) => row.probability) };
  const whole = binaryMetrics(labels, scores, { interval: false });
  assert.ok(Math.abs(right / 700 - whole.accuracy) < 1e-12);
  assert.ok((groups[0]?.accuracy ?? 1) < (groups[3]?.accuracy ?? 0));
  for (const { accuracy, accuracyCi95 } of groups) assert.ok(accuracyCi95[0] < accuracy && accuracy < accuracyCi95[1]);
});

test("the public ViT's accuracy by agreement: 100 of 164 disputed tiles right is 0.610", () => {
  const rows = Array.from({ length: 164 }, (_, i) => tile(i, 4, i < 100 ? 0.8 : 0.7));
  const [group] = resultsByAgreement(rows, 0.76);
  assert.equal(group?.accuracy.toFixed(3), "0.610");
  assert.deepEqual(
    group?.accuracyCi95.map((end) => end.toFixed(3)),
    ["0.533", "0.681"],
  );
});

test("the accuracy where experts agree counts patients, not their images", () => {
  const rows = Array.from({ length: 160 }, (_, i): Prediction => {
    return { ...tile(i, 4, Math.floor(i / 20) % 4 === 0 ? 0.3 : 0.8), group: `patient ${Math.floor(i / 20)}` };
  });
  const width = (some: readonly Prediction[]) => {
    const [low, high] = resultsByAgreement(some, 0.5)[0]?.accuracyCi95 ?? [0, 0];
    return high - low;
  };
  assert.ok(width(rows) > 3 * width(rows.map(({ group: _, ...row }) => row)), `${width(rows)}`);
});

test("probability follows votes", () => {
  const { groups, correlation } = probabilityByVotes(tiles, 0.5);
  assert.deepEqual(
    groups.map(({ votes }) => votes),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
  assert.ok(correlation > 0.6);
  assert.ok((groups[0]?.meanProbability ?? 1) < (groups[7]?.meanProbability ?? 0));
});

test("without votes there is nothing to say", () => {
  const silent = tiles.map(({ votes: _, ...row }) => row);
  assert.deepEqual(resultsByAgreement(silent, 0.5), []);
  assert.deepEqual(probabilityByVotes(silent, 0.5), { groups: [], correlation: Number.NaN });
});

test("the worst mistakes are the surest wrong ones", () => {
  const rows = [tile(1, 0, 0.9), tile(2, 0, 0.99), tile(3, 7, 0.1), tile(4, 7, 0.4), tile(5, 7, 0.9), tile(6, 0, 0.2)];
  const { falsePositives, falseNegatives } = worstMistakes(rows, 0.5);
  assert.deepEqual(
    [falsePositives.map((row) => row.filename), falseNegatives.map((row) => row.filename)],
    [
      ["2.png", "1.png"],
      ["3.png", "4.png"],
    ],
  );
  assert.equal(falsePositives[0]?.kind, "false positive");
  assert.equal(worstMistakes(rows, 0.5, 1).falseNegatives.length, 1);
});

test("each subgroup is measured as if it were alone", () => {
  const site = (row: Prediction) => (Number.parseInt(row.filename, 10) % 3 === 0 ? "site 10" : "site 9");
  const table = subgroupTable(tiles, site, 0.4);
  assert.deepEqual(
    table.map(({ group, n }) => [group, n]),
    [
      ["site 9", 466],
      ["site 10", 234],
    ],
  );
  for (const { group, rocAuc, recall, f1, rocAucCi95 } of table) {
    const rows = tiles.filter((row) => site(row) === group);
    const alone = binaryMetrics(
      rows.map((row) => row.label),
      rows.map((row) => row.probability),
      { threshold: 0.4 },
    );
    assert.ok(Math.abs(rocAuc - alone.rocAuc) < 1e-12);
    assert.deepEqual([recall, f1], [alone.recall, alone.f1]);
    rocAucCi95.forEach((end, i) => {
      assert.ok(Math.abs(end - (alone.rocAucCi95?.[i] ?? 0)) < 0.015);
    });
  }
  const [only] = subgroupTable([tile(1, 7, 0.9)], () => undefined, 0.5);
  assert.equal(only?.group, "(none)");
  assert.ok(Number.isNaN(only?.rocAuc));
});

test("an empty group is no group: its images are gathered with those that have none", () => {
  const cells = ["", " ", undefined, "A"];
  const groups = subgroupTable(tiles.slice(0, 4), ({ filename }) => cells[Number.parseInt(filename, 10)], 0.5);
  assert.deepEqual(
    groups.map(({ group, n }) => [group, n]),
    [
      ["(none)", 3],
      ["A", 1],
    ],
  );
});

test("a table of groups whose names may mean several images is refused", async (context) => {
  const file = join(await temporaryDirectory(context), "groups.csv");
  await writeFile(file, "image,site\na,A\n");
  const rows = ["a.png", "a.jpg"].map((filename) => ({ ...tile(1, 5, 0.5), filename }));
  await assert.rejects(readGroups(file, "site", rows), {
    code: "GROUPS_AMBIGUOUS",
    message: /line 2: "a" .*"a\.png", "a\.jpg"/,
  });
});
