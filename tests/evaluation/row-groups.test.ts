/** Rows that come in groups: as wide intervals as the groups allow, and as those of single rows where groups are single. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import {
  binaryMetrics,
  compareModels,
  delongTest,
  foldsInTurn,
  type Prediction,
  pairedDifferences,
  rank,
  readPredictions,
  rocAucOf,
  writePredictions,
} from "../../src/evaluation/index";
import { Random } from "../../src/random/index";
import { delongInterval, randomRows } from "../support/scored-rows";
import { temporaryDirectory } from "../support/temporary-directory";

const thrice = <T>(values: readonly T[]): T[] => values.flatMap((value) => [value, value, value]);
/** Student's t instead of the normal distribution makes the interval of 120 groups a little wider. */
const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 2e-3, `${a} is not about ${b}`);
const close = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-12, `${a} is not ${b}`);

test("every row three times, as groups of three, says no more than every row once", () => {
  const { labels, scores } = randomRows(31, 120);
  const other = scores.map((score, i) => (score + (i % 7) / 7) / 2);
  const groups = Uint32Array.from(thrice(labels.map((_, i) => i)));
  const [once, again] = [delongInterval(labels, scores), delongInterval(thrice(labels), thrice(scores), groups)];
  close(again.auc, once.auc);
  close(again.standardError, once.standardError);
  const alone = delongInterval(thrice(labels), thrice(scores));
  assert.ok(alone.standardError < 0.6 * once.standardError, "without groups the copies count as rows of their own");
  const [paired, pairedAgain] = [
    delongTest(labels, scores, other),
    delongTest(thrice(labels), thrice(scores), thrice(other), groups),
  ];
  close(pairedAgain.standardError, paired.standardError);
  const same = (a: readonly number[], b: readonly number[]) => {
    for (const [i, end] of a.entries()) near(end, b[i] as number);
  };
  same(delongInterval(thrice(labels), thrice(scores), groups).ci95, delongInterval(labels, scores).ci95);
  const models = (repeat: <T>(values: readonly T[]) => readonly T[]) =>
    [scores, other].map((values) => ({ scores: repeat(values) as number[], threshold: 0.5 }));
  const [a, b] = models((values) => values) as [never, never];
  const [a3, b3] = models(thrice) as [never, never];
  const [single, grouped] = [pairedDifferences(labels, a, b), pairedDifferences(thrice(labels), a3, b3, { groups })];
  same(grouped.accuracy.ci95, single.accuracy.ci95);
});

test("of groups with both classes the standard error is what drawing groups again gives", () => {
  const random = new Random(5, "groups");
  const rows = Array.from({ length: 300 }, (_, group) => {
    const shift = random.normal(0, 0.8);
    return Array.from({ length: 1 + random.integer(8) }, () => {
      const label = random.chance(group % 3 === 0 ? 0.9 : 0.1) ? 1 : 0;
      return { group, label, score: 1 / (1 + Math.exp(-(label + shift + random.normal()))) };
    });
  }).flat();
  const labels = rows.map(({ label }) => label);
  const scores = rows.map(({ score }) => score);
  const groups = Uint32Array.from(rows, ({ group }) => group);
  const { standardError } = delongInterval(labels, scores, groups);
  const drawn = deviationOfDrawnGroups(labels, scores, groups);
  assert.ok(Math.abs(standardError / drawn - 1) < 0.1, `${standardError} against ${drawn}`);
  const [low, high] = delongInterval(labels, scores, groups).ci95;
  const [low1, high1] = delongInterval(labels, scores).ci95;
  assert.ok(high - low > 1.1 * (high1 - low1), "images of one patient are alike: the interval is wider");
});

/** Standard deviation of the area over sets of as many groups, drawn with replacement. */
function deviationOfDrawnGroups(labels: readonly number[], scores: readonly number[], groups: Uint32Array): number {
  const random = new Random(6, "drawn");
  const members = new Map<number, number[]>();
  for (const [row, group] of groups.entries()) members.set(group, [...(members.get(group) ?? []), row]);
  const areas = Array.from({ length: 1000 }, () => {
    const rows = Array.from(members, () => members.get(random.integer(members.size)) ?? []).flat();
    return rocAucOf(
      rank(
        rows.map((row) => labels[row] as number),
        rows.map((row) => scores[row] as number),
      ),
    );
  });
  const mean = areas.reduce((sum, area) => sum + area, 0) / areas.length;
  return Math.sqrt(areas.reduce((sum, area) => sum + (area - mean) ** 2, 0) / areas.length);
}

test("groups go with predictions into the file, the metrics and the comparison", async (context) => {
  const { labels, scores } = randomRows(33, 90);
  const rows = scores.map(
    (probability, i): Prediction => ({
      ...{ filename: `${i}.png`, label: labels[i] as 0 | 1, logit: 0, probability },
      ...(i > 2 && { group: `patient, "${i % 15}"` }),
    }),
  );
  const file = join(await temporaryDirectory(context), "predictions.csv");
  await writePredictions(file, rows);
  assert.deepEqual(await readPredictions(file), rows);
  const weaker = rows.map((row, i) => ({ ...row, probability: (row.probability + (i % 5) / 5) / 2 }));
  const single = ({ group: _, ...row }: Prediction): Prediction => row;
  const [grouped, apart] = [
    compareModels({ predictions: rows, threshold: 0.5 }, { predictions: weaker, threshold: 0.5 }),
    compareModels(
      { predictions: rows.map(single), threshold: 0.5 },
      { predictions: weaker.map(single), threshold: 0.5 },
    ),
  ];
  assert.equal(grouped.delong.difference, apart.delong.difference);
  assert.notEqual(grouped.delong.standardError, apart.delong.standardError);
  assert.notDeepEqual(grouped.differences.accuracy.ci95, apart.differences.accuracy.ci95);
  const groups = Uint32Array.from(rows, (_, i) => (i > 2 ? i % 15 : 15 + i));
  // Images of a patient are alike in the weaker model's answers.
  const alike = weaker.map(({ probability }) => probability);
  assert.notDeepEqual(
    binaryMetrics(labels, alike, { interval: { groups } }).rocAucCi95,
    binaryMetrics(labels, alike).rocAucCi95,
  );
});

test("folds are dealt out to each label in turn, and a group is in one", () => {
  assert.deepEqual(foldsInTurn([0, 0, 1, 0, 1, 1], undefined, 2), [0, 1, 0, 0, 1, 0]);
  assert.deepEqual(foldsInTurn([0, 0, 1, 0, 1, 1], Uint32Array.of(0, 1, 2, 1, 2, 0), 2), [0, 1, 0, 1, 0, 0]);
});
