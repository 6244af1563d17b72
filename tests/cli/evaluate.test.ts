import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { before, test } from "node:test";
import type { Prediction } from "../../src/evaluation/index";
import { histoHere, histoJson, histoJsonHere } from "../support/histo";
import { predictedTiles } from "../support/predicted-tiles";
import { runFolder } from "../support/run-folder";

/** Evaluations that are not logged: tests/tracking has those that are. */
const evaluate = (...argv: string[]) => histoHere("evaluate", "--no-track", ...argv);
const evaluateJson = <T>(...argv: string[]) => histoJsonHere<T>("evaluate", "--no-track", ...argv);

let run = "";
let rival = "";
before(async () => {
  run = await runFolder();
  rival = await runFolder({
    test: predictedTiles(977, 1).map((row) => ({ ...row, probability: row.probability ** 2 })),
  });
});

test("--json holds the metrics of both partitions, as metrics.json does", async () => {
  interface Result {
    validation: { n: number };
    test: { n: number; threshold: number; rocAuc: number };
    thresholdRule: string;
    agreement: unknown[];
    temperature: number;
  }
  const { validation, test, thresholdRule, agreement, temperature } = await evaluateJson<Result>("--run", run);
  assert.deepEqual([test.n, test.threshold, validation.n], [977, 0.4, 432]);
  assert.ok(test.rocAuc > 0.7);
  assert.equal(thresholdRule, "recall>=0.9");
  assert.equal(agreement.length, 4);
  assert.ok(temperature > 0);
});

test("the same figures come out of histo metrics on the predictions file", async () => {
  const { test: ofRun } = await evaluateJson<{ test: object }>("--run", run);
  const file = join(run, "predictions-test.csv");
  const { columns, positive, logits, ...ofFile } = histoJson<Record<string, unknown>>(
    "metrics",
    "--predictions",
    file,
    "--threshold",
    "0.4",
  );
  assert.deepEqual(ofFile, ofRun);
  assert.deepEqual([columns, positive, logits], [{ label: "label", score: "probability" }, "1", false]);
});

test("what the report warns about is said in the terminal too", async () => {
  const small = await runFolder({ test: predictedTiles(12, 3) });
  const { cautions, report } = await evaluateJson<{ cautions: string[]; report: string }>("--run", small, "--report");
  assert.match(cautions.join("\n"), /Only \d+ images? of the rarer class/);
  const page = readFileSync(report, "utf8");
  const { stdout } = await evaluate("--run", small);
  for (const caution of cautions) {
    assert.ok(page.includes(caution), caution);
    assert.ok(stdout.includes(`${caution}\n`), caution);
  }
  assert.match(stdout, /^ROC AUC +0\.\d{3} \(95 % 0\.\d{3} to [01]\.\d{3}\)/m);
  assert.match(stdout, /The threshold was chosen on validation for recall of at least 0\.9\.\n/);
  const onFew = await runFolder({ validation: predictedTiles(9, 2) });
  assert.match(
    (await evaluate("--run", onFew)).stdout,
    /Validation has only \d images? of the rarer class: .* threshold/,
  );
  await rm(join(small, "predictions-test.csv"));
  assert.match((await evaluate("--run", small)).stdout, /no test predictions\. These are validation images/);
});

test("a validation that is better than the test is said to be so by chance where chance explains it", async () => {
  const surer = (rows: Prediction[]) =>
    rows.map((row): Prediction => {
      const logit = row.logit + row.label;
      return { ...row, logit, probability: 1 / (1 + Math.exp(-logit)) };
    });
  const cautionsOf = async (images: number) => {
    const better = await runFolder({ validation: surer(predictedTiles(images, 1)), test: predictedTiles(images, 1) });
    return (await evaluateJson<{ cautions: string[] }>("--run", better)).cautions.join("\n");
  };
  assert.match(await cautionsOf(900), /is better than the test result\.$/m);
  assert.match(await cautionsOf(120), /is better than the test result, but not by more than chance explains\.$/m);
});

test("--report writes one file and changes nothing else", async () => {
  const before = readFileSync(join(run, "config.json"), "utf8");
  const { report } = await evaluateJson<{ report: string }>("--run", run, "--report");
  assert.equal(report, join(run, "report.html"));
  assert.ok(readFileSync(report, "utf8").startsWith("<!doctype html>"));
  assert.equal(readFileSync(join(run, "config.json"), "utf8"), before);
  assert.equal(existsSync(join(run, "metrics.json")), false);
  const elsewhere = join(run, "elsewhere.html");
  assert.equal((await evaluateJson<{ report: string }>("--run", run, "--report", elsewhere)).report, elsewhere);
});

test("--against compares two runs on the same images", async () => {
  const { comparison } = await evaluateJson<{
    comparison: { n: number; delong: { p: number }; mcnemar: { p: number } };
  }>("--run", run, "--against", rival);
  assert.equal(comparison.n, 977);
  assert.equal(comparison.delong.p, 1); // squaring a probability keeps the order
  assert.ok(comparison.mcnemar.p < 1); // but not the decisions
  assert.match((await evaluate("--run", run, "--against", rival)).stdout, /DeLong p 1\.00/);
});

test("--groups measures by a column of another table", async () => {
  const file = join(run, "slides.csv");
  const rows = predictedTiles(977, 1).map(({ filename }, i) => `${filename},${i % 2 ? "A" : "B"}`);
  writeFileSync(file, `image,scanner\n${rows.join("\n")}\n`);
  const { groups } = await evaluateJson<{ groups: { group: string; n: number }[] }>(
    "--run",
    run,
    "--groups",
    file,
    "--by",
    "scanner",
  );
  assert.deepEqual(
    groups.map(({ group, n }) => [group, n]),
    [
      ["A", 488],
      ["B", 489],
    ],
  );
});

test("--groups names images as data sets do, says how many it names, and prints no NaN", async () => {
  const file = join(run, "groups.csv");
  const rows = predictedTiles(977, 1);
  const written = [
    (name: string) => name.replace(".png", ""),
    (name: string) => name.toLowerCase(),
    (name: string) => `D:\\set\\images\\${name}`,
    (name: string) => name.replace(".png", ".tif"),
  ];
  const known = rows.slice(0, 970).map(({ filename, label }, i) => {
    const group = i < 8 ? (label ? "one class" : "NA") : i % 2 ? "A" : "B";
    return `${i},${(written[i % 4] as (name: string) => string)(filename)},${group}`;
  });
  writeFileSync(file, `id,file,site\n${[...known, "970,elsewhere.png,A"].join("\n")}\n`);
  const options = ["--run", run, "--groups", file, "--by", "site"];
  interface Result {
    groups: { group: string; n: number }[];
    groupsMatched: object;
  }
  const { groups, groupsMatched } = await evaluateJson<Result>(...options);
  const positives = rows.slice(0, 8).filter(({ label }) => label === 1).length;
  assert.deepEqual(
    groups.map(({ group, n }) => [group, n]),
    [
      ["(none)", 7 + 8 - positives],
      ["A", 481],
      ["B", 481],
      ["one class", positives],
    ],
  );
  assert.deepEqual(groupsMatched, { imageColumn: "file", matched: 970, unmatched: 7, unusedRows: 1 });
  const { stdout } = await evaluate(...options);
  assert.match(stdout, /\none class: ROC AUC undefined, accuracy/);
  assert.match(
    stdout,
    /Not in the table of groups: 7 of 977 images\.\nIn the table of groups, 1 row of other images\./,
  );
  assert.doesNotMatch(stdout, /NaN/);
  const { report } = await evaluateJson<{ report: string }>(...options, "--report");
  assert.doesNotMatch(readFileSync(report, "utf8").replace(/<script.*?<\/script>/gs, ""), /NaN/);
});

test("--feedback measures a run by what people called its answers, and says of how many other lines it knows nothing", async () => {
  const file = join(run, "feedback.jsonl");
  const line = (of: string, name: string, label: string, probability: number) =>
    JSON.stringify({
      run: of,
      image_filename: name,
      label,
      logit: Math.log(probability / (1 - probability)),
      probability,
    });
  const lines = [
    line("mlp-small", "a.png", "SSA", 0.9),
    line("mlp-small", "b.png", "HP", 0.8), // at the run's threshold of 0.4 a false positive
    line("mlp-small", "c.png", "HP", 0.3),
    line("mlp-small", "d.png", "HP", 0.35),
    line("mlp-small", "d.png", "SSA", 0.35), // changed their mind: a false negative
    line(basename(run), "e.png", "SSA", 0.7), // as a model that was exported from the folder of this name says
    line("another", "f.png", "SSA", 0.1),
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  const { feedback } = await evaluateJson<{ feedback: Record<string, unknown> }>("--run", run, "--feedback", file);
  assert.deepEqual([feedback.n, feedback.accuracy, feedback.otherRuns], [5, 0.6, 1]);
  assert.deepEqual(feedback.confusion, { tp: 2, fp: 1, tn: 1, fn: 1 });
  assert.match(
    (await evaluate("--run", run, "--feedback", file)).stdout,
    /People labelled 5 answers .* accuracy 0\.600, 1 false positive, 1 false negative\. .* Of other runs: 1 line\./,
  );

  writeFileSync(file, `${line("another", "f.png", "SSA", 0.1)}\n`);
  const { status, stderr } = await evaluate("--run", run, "--feedback", file);
  assert.equal(status, 2);
  assert.match(stderr, /has no label for answers of the run mlp-small/);
});

test("a run of one class is measured and compared without a NaN", async () => {
  const test = predictedTiles(60, 3).map((row) => ({ ...row, label: 1 as const }));
  const [one, two] = [
    await runFolder({ test }),
    await runFolder({ test: test.map((row) => ({ ...row, probability: 0.5 })) }),
  ];
  const { stdout, status } = await evaluate("--run", one, "--against", two, "--report");
  assert.equal(status, 0);
  assert.match(stdout, /ROC AUC .*undefined/);
  assert.doesNotMatch(stdout, /NaN/);
  assert.doesNotMatch(readFileSync(join(one, "report.html"), "utf8").replace(/<script.*?<\/script>/gs, ""), /NaN/);
});

test("--groups that name no image, several, or an image twice are errors", async () => {
  const cases: [string, string, RegExp][] = [
    ["none.csv", "image,site\nx1.png,A\n", /none\.csv names none of the 977 images: "image" holds .* "x1\.png"/],
    [
      "twice.csv",
      "image,site\nMHIST_001.png,A\nMHIST_001,B\n",
      /lines 2 and 3 give MHIST_001\.png two groups, "A" and "B"/,
    ],
    ["column.csv", "image,site\nMHIST_001,A\n", /has no column "scanner"/],
  ];
  for (const [name, text, expected] of cases) {
    writeFileSync(join(run, name), text);
    const by = name === "column.csv" ? "scanner" : "site";
    const { status, stderr } = await evaluate("--run", run, "--groups", join(run, name), "--by", by);
    assert.equal(status, 2, stderr);
    assert.match(stderr, expected);
  }
});

test("the report tells of the other run and of the groups where they were asked for", async () => {
  const options = ["--against", rival, "--groups", join(run, "slides.csv"), "--by", "scanner"];
  const { report } = await evaluateJson<{ report: string }>("--run", run, "--report", ...options);
  const html = readFileSync(report, "utf8");
  assert.match(html, /<section id="groups"><h2>By scanner<\/h2>/);
  assert.match(html, /<section id="comparison">.*McNemar, p = /s);
  assert.match(html, />Only this model classifies \d+ images? correctly, only the other \d+: /);
});

test("bad input is one line, with exit status 2", async () => {
  const cases: [string[], RegExp][] = [
    [["--run", "/absent"], /The run \/absent does not exist/],
    [["--run", run, "--threshold-rule", "best"], /Threshold rule "best"/],
    [["--run", run, "--by", "scanner"], /--groups FILE and --by COLUMN/],
    [["--run", run, "--against", "/absent"], /does not exist/],
    [[], /--run/],
  ];
  for (const [options, expected] of cases) {
    const { status, stderr } = await evaluate(...options);
    assert.equal(status, 2, stderr);
    assert.match(stderr, expected);
    assert.equal(stderr.trimEnd().split("\n").length, 1);
  }
});
