import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { readScoredTable, type ScoredTableOptions } from "../../src/evaluation/index";
import { sharedDirectory } from "../support/temporary-directory";

const folder = sharedDirectory();

async function read(content: string, options: ScoredTableOptions = {}) {
  const path = join(folder, "file.csv");
  await writeFile(path, content);
  return readScoredTable(path, options);
}

/** The columns found in a file with this header and one negative and one positive row. */
async function columnsOf(header: string, rows: string, options: ScoredTableOptions = {}) {
  const { columns } = await read(`${header}\n${rows}\n`, options);
  return [columns.label, columns.score];
}

test("columns are found in files as people publish them", async () => {
  // The public ViT's results: `prob` is that of the predicted class and must not be taken.
  const published = "filename,label,logit,prediction,positive_prob,correct,prob";
  const rows = "a.png,0,-1.1,0,0.25,1,0.75\nb.png,1,1.1,1,0.75,1,0.75";
  assert.deepEqual(await columnsOf(published, rows), ["label", "positive_prob"]);
  const mhist = "Image Name,Majority Vote Label,Number of Annotators who Selected SSA (Out of 7),Partition";
  assert.deepEqual(
    await columnsOf(`${mhist},HP probability,SSA probability`, "a,HP,1,test,.9,.1\nb,SSA,6,test,.2,.8"),
    ["Majority Vote Label", "SSA probability"],
  );
  assert.deepEqual(await columnsOf("file,diagnosis,HP,SSA", "a,HP,.9,.1\nb,SSA,.2,.8"), ["diagnosis", "SSA"]);
  assert.deepEqual(await columnsOf("label,prob_0,prob_1", "0,.9,.1\n1,.2,.8"), ["label", "prob_1"]);
  assert.deepEqual(await columnsOf("y_true,y_pred,y_score", "0,0,0.2\n1,1,0.9"), ["y_true", "y_score"]);
  assert.deepEqual(await columnsOf("trueLabel;predictedLabel;P(tumor)", "normal;normal;0.2\ntumor;tumor;1e-3"), [
    "trueLabel",
    "P(tumor)",
  ]);
  assert.deepEqual(await columnsOf("\uFEFFID\ttarget\tprobability", "1\t0\t0.2\n2\t1\t0.3"), ["target", "probability"]);
  assert.deepEqual(await columnsOf("filename,label,logit", "a,0,-3\nb,1,4"), ["label", "logit"]);
});

test("the other class's probability is never taken for the positive one's", async () => {
  const refused = (content: string, message: RegExp, options: ScoredTableOptions = {}) =>
    assert.rejects(read(content, options), { code: "METRICS_COLUMN", message });
  const other = (column: string, positive: string) =>
    new RegExp(`"${column}" does not look like the probability of "${positive}".*--positive`);
  await refused("label,prob_HP\nSSA,.1\nHP,.9\n", other("prob_HP", "SSA"));
  await refused("label,prob_0\nSSA,.1\nHP,.9\n", other("prob_0", "SSA"));
  await refused("label,prob_0\n1,.1\n0,.9\n", other("prob_0", "1"));
  await refused("label,probability_normal\ntumor,.1\nnormal,.9\n", other("probability_normal", "tumor"));
  await refused("label,prob_non_tumor\ntumor,.1\nnormal,.9\n", other("prob_non_tumor", "tumor"));
  await refused("label,prob_1\nSSA,.1\nHP,.9\n", other("prob_1", "HP"), { positive: "HP" });
  await refused("label,model_1_score,model_2_score\n0,.1,.2\n1,.9,.8\n", /several .*model_1_score, model_2_score/);
  await refused("label,score_1,score_2\n0,.1,.2\n1,.9,.8\n", /several .*score_1, score_2/);

  const own = { positive: "HP" };
  assert.deepEqual(await columnsOf("label,prob_HP", "SSA,.1\nHP,.9", own), ["label", "prob_HP"]);
  assert.deepEqual(await columnsOf("label,prob_0,prob_1", "1,.1,.9\n0,.9,.1", { positive: "0" }), ["label", "prob_0"]);
  assert.deepEqual(await columnsOf("label,prob_1", "SSA,.9\nHP,.1"), ["label", "prob_1"]);
  assert.deepEqual(await columnsOf("label,resnet_prob_tumor", "tumor,.9\nnormal,.1"), ["label", "resnet_prob_tumor"]);
  assert.deepEqual(await columnsOf("label,prob_non_tumor", "tumor,.1\nnon-tumor,.9", { positive: "Non-Tumor" }), [
    "label",
    "prob_non_tumor",
  ]);
  assert.deepEqual(await columnsOf("label,prob_1,prob_2", "1,.9,.1\n2,.1,.9"), ["label", "prob_2"]);
});

test("a column of logits alone is taken as logits; beside probabilities it is not needed", async () => {
  assert.equal((await read("label,logit\n0,-3\n1,4\n")).logits, true);
  assert.equal((await read("label,logit,probability\n0,-3,0.1\n1,4,0.9\n")).logits, false);
  const named = await read("label,logit,probability\n0,-3,0.1\n1,4,0.9\n", { score: "logit", logits: true });
  assert.deepEqual([...named.scores], [-3, 4]);
});

test("numbers as tables have them: percent by sign, by the column's name or by option, and decimal commas", async () => {
  const scores = async (content: string, options: ScoredTableOptions = {}) =>
    [...(await read(content, options)).scores].map((score) => Math.round(1e6 * score) / 1e6);
  assert.deepEqual(await scores("label,probability\n0,25%\n1,97.5 %\n"), [0.25, 0.975]);
  assert.deepEqual(await scores("label;Probability (%)\n0;25\n1;100\n"), [0.25, 1]);
  assert.deepEqual(await scores("label,score\n0,0.5\n1,99\n", { percent: true }), [0.005, 0.99]);
  assert.deepEqual(await scores("label;probability\n0;0,25\n1;,75\n"), [0.25, 0.75]);
  assert.deepEqual(await scores("labels,outputs\n0,0.2\n1,1e-3\n"), [0.2, 0.001]);
  await assert.rejects(read("label,score\n0,25\n1,99\n"), { code: "METRICS_ROWS", message: /--percent/ });
  await assert.rejects(read("label,score\n0,-2\n1,3\n"), { code: "METRICS_ROWS", message: /Give --logits/ });
  await assert.rejects(read("label,score (%)\n0,25\n1,101\n"), {
    code: "METRICS_ROWS",
    message: /line 3: the score 101 is not from 0 to 100/,
  });
});

test("a score in percent is the double nearest to what is written, so it is at or above its own threshold", async () => {
  const hundredths = Array.from({ length: 9_999 }, (_, i) => String(i + 1).padStart(4, "0"));
  const rows = hundredths.map((digits, i) => `${i % 2},${digits.slice(0, 2)}.${digits.slice(2)}`);
  const { scores } = await read(`label,score (%)\n${rows.join("\n")}\n`);
  assert.deepEqual(
    [...scores],
    hundredths.map((digits) => Number(`0.${digits}`)),
  );
  assert.deepEqual([...(await read("label,score\n0,83.33 %\n1,8.333e1%\n")).scores], [0.8333, 0.8333]);
  await assert.rejects(read("label,score (%)\n0,0x10\n1,5\n"), {
    code: "METRICS_ROWS",
    message: /line 2: the score is "0x10"/,
  });
});

test("class names: the alphabetically later is positive unless another is named", async () => {
  const content = "label,score\nHP,0.1\nSSA,0.8\nSSA,0.6\n";
  const later = await read(content);
  assert.deepEqual([later.positive, ...later.labels], ["SSA", 0, 1, 1]);
  const named = await read(content, { positive: "HP" });
  assert.deepEqual([named.positive, ...named.labels], ["HP", 1, 0, 0]);
  await assert.rejects(
    read(content, { positive: "SSL" }),
    /--positive SSL: column "label" .* HP \(line 2\), SSA \(line 3\)/,
  );
  const rest = await read("label,score\nA,0.1\nB,0.8\nC,0.6\n", { positive: "B" });
  assert.deepEqual([...rest.labels], [0, 1, 0]);
  await assert.rejects(read("label,score\nA,0.1\nB,0.8\nC,0.6\n"), { code: "METRICS_CLASSES" });
});

test("case does not count in class names, as with the labels of images", async () => {
  for (const options of [{ positive: "SSA" }, { positive: "ssa" }, {}]) {
    const mixed = await read("label,score\nSSA,0.9\nssa,0.8\nHP,0.1\n", options);
    assert.deepEqual([mixed.positive, ...mixed.labels], ["SSA", 1, 1, 0]);
  }
});

test("a missing label is none of the other class", async () => {
  for (const options of [{ positive: "SSA" }, {}])
    await assert.rejects(read("label,score\nSSA,0.9\nNaN,0.8\nHP,0.1\n", options), {
      code: "METRICS_ROWS",
      message: /1 row of 3 .*line 3: the label is "NaN"/,
    });
});

test("two numbers are two classes, whichever is more frequent", async () => {
  for (const rows of ["1,0.1\n1,0.2\n2,0.9", "1,0.1\n2,0.8\n2,0.9"])
    assert.equal((await read(`label,score\n${rows}\n`)).positive, "2");
  for (const rows of ["-1,0.1\n1,0.8\n1,0.9", "-1,0.1\n-1,0.2\n1.0,0.9"])
    assert.equal((await read(`label,score\n${rows}\n`)).positive, "1");
  await assert.rejects(read("label,score\n0,0.1\n1,0.8\n2,0.9\n"), {
    code: "METRICS_ROWS",
    message: /line 4: the label is "2".*--positive NAME if there are more than two classes/,
  });
});

test("hundreds of thousands of wrong labels or scores are told at once", async () => {
  const lines = (line: (i: number) => string) =>
    `label,score\n${Array.from({ length: 200_000 }, (_, i) => line(i)).join("\n")}\n`;
  await assert.rejects(read(lines((i) => `${i % 2},${i % 101}`)), { code: "METRICS_ROWS", message: /--percent/ });
  await assert.rejects(read(lines((i) => `${2 + i / 7},0.5`)), { code: "METRICS_CLASSES", message: /and 199992 more/ });
});

test("a column is the score of a marker's own sign", async () => {
  const rows = "ER-,.9,.1\nER+,.2,.8";
  assert.deepEqual(await columnsOf("label,P(ER-),P(ER+)", rows), ["label", "P(ER-)"]);
  assert.deepEqual(await columnsOf("label,P(ER-),P(ER+)", rows, { positive: "ER+" }), ["label", "P(ER+)"]);
  await assert.rejects(columnsOf("label,prob_ER+", "ER-,.1\nER+,.8"), { code: "METRICS_COLUMN" });
});

test("0 and 1 may be written as 0.0 and 1.0, or false and true", async () => {
  assert.deepEqual([...(await read("label,score\n0.0,0.1\n1.0,0.8\n")).labels], [0, 1]);
  assert.deepEqual([...(await read("label,score\nFalse,0.1\nTrue,0.8\n")).labels], [0, 1]);
});

test("a set of one class is read", async () => {
  assert.deepEqual([...(await read("label,score\n0,0.1\n0,0.8\n")).labels], [0, 0]);
  assert.deepEqual([...(await read("label,score\nHP,0.1\n", { positive: "SSA" })).labels], [0]);
});

test("bad rows are named with the line they stand on", async () => {
  const content = 'label,score,note\n0,0.1,"two\nlines"\n1,,x\n\n1,abc,x\n,0.5,x\n1,NaN,x\n2,0.5,x\n1,inf,x\n0,0.2,x\n';
  await assert.rejects(read(content), (error: Error & { code: string }) => {
    assert.equal(error.code, "METRICS_ROWS");
    assert.match(error.message, /6 rows of 8/);
    assert.match(error.message, /line 4: the score is empty; line 6: the score is "abc"; line 7: the label is empty/);
    assert.match(error.message, /line 8: the score is "NaN"; line 9: the label is "2"; and 1 more/);
    return true;
  });
  await assert.rejects(read("label,score\n0,0.1\n1,1.5\n"), /line 3: the score 1.5 is not from 0 to 1.*--logits/);
});

test("an unfound column lists those that exist; a missing header is suspected", async () => {
  await assert.rejects(read("name,experts,label\na,2,0\nb,5,1\n"), /no score column.*--score.*name, experts, label/);
  await assert.rejects(read("label,pred\n0,0\n1,1\n"), /no score column.*predicted classes\? Give --score pred/);
  await assert.rejects(read("a.png,0,0.65\nb.png,1,0.2\n"), /no label column.*is the header missing\?/);
  await assert.rejects(
    read("label,score\n0,0.1\n1,0.2\n", { score: "sc" }),
    /no column "sc" \(--score\).*label, score/,
  );
  await assert.rejects(read("label,left score,right score\n0,0.1,1\n1,0.2,1\n"), /several columns could be the score/);
});

test("empty files and files without rows are refused", async () => {
  await assert.rejects(read(""), { code: "TABLE_EMPTY" });
  await assert.rejects(read("label,score\n\n"), { code: "TABLE_EMPTY" });
  await assert.rejects(readScoredTable(join(folder, "absent.csv")), { code: "TABLE_MISSING" });
  await assert.rejects(readScoredTable(folder), { code: "TABLE_MISSING" });
});

test("+1 and -1 are 1 and -1 in any spelling, and 1 is positive; codes with fractions stay apart", async () => {
  for (const [negative, positive] of [
    ["-1", "+1"],
    ["-1.0", "1e0"],
    ["-1.000000e+00", "1.0000e+00"],
  ]) {
    const { labels, positive: name } = await read(`label,score\n${negative},.2\n${positive},.9\n-1,.3\n1,.6\n`);
    assert.deepEqual([...labels], [0, 1, 0, 1]);
    assert.equal(name, positive);
  }
  const { labels, positive } = await read("label,score\n0,.2\n+1,.9\n1e0,.8\n-0,.1\n");
  assert.deepEqual([...labels, positive], [0, 1, 1, 0, "+1"]);
  assert.deepEqual([...(await read("label,score\n1.1,.2\n1.10,.9\n")).labels], [0, 1]);
});
