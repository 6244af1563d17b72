import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { type Finished, histo, histoJson } from "../support/histo";
import { predictedTiles } from "../support/predicted-tiles";
import { runFolder } from "../support/run-folder";

/** Evaluations that are not logged: tests/tracking has those that are. */
const evaluate = (...argv: string[]): Finished => histo("evaluate", "--no-track", ...argv);
const evaluateJson = <T>(...argv: string[]): T => histoJson<T>("evaluate", "--no-track", ...argv);

let run = "";
let rival = "";
before(async () => {
  run = await runFolder();
  rival = await runFolder({
    test: predictedTiles(977, 1).map((row) => ({ ...row, probability: row.probability ** 2 })),
  });
});

test("--json holds the metrics of both partitions, as metrics.json does", () => {
  interface Result {
    validation: { n: number };
    test: { n: number; threshold: number; rocAuc: number };
    thresholdRule: string;
    agreement: unknown[];
    temperature: number;
  }
  const { validation, test, thresholdRule, agreement, temperature } = evaluateJson<Result>("--run", run);
  assert.deepEqual([test.n, test.threshold, validation.n], [977, 0.4, 432]);
  assert.ok(test.rocAuc > 0.7);
  assert.equal(thresholdRule, "recall>=0.9");
  assert.equal(agreement.length, 4);
  assert.ok(temperature > 0);
});

test("the same figures come out of histo metrics on the predictions file", () => {
  const { test: ofRun } = evaluateJson<{ test: object }>("--run", run);
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

test("--report writes one file and changes nothing else", () => {
  const before = readFileSync(join(run, "config.json"), "utf8");
  const { report } = evaluateJson<{ report: string }>("--run", run, "--report");
  assert.equal(report, join(run, "report.html"));
  assert.ok(readFileSync(report, "utf8").startsWith("<!doctype html>"));
  assert.equal(readFileSync(join(run, "config.json"), "utf8"), before);
  assert.equal(existsSync(join(run, "metrics.json")), false);
  const elsewhere = join(run, "elsewhere.html");
  assert.equal(evaluateJson<{ report: string }>("--run", run, "--report", elsewhere).report, elsewhere);
});

test("--against compares two runs on the same images", () => {
  const { comparison } = evaluateJson<{ comparison: { n: number; delong: { p: number }; mcnemar: { p: number } } }>(
    "--run",
    run,
    "--against",
    rival,
  );
  assert.equal(comparison.n, 977);
  assert.equal(comparison.delong.p, 1); // squaring a probability keeps the order
  assert.ok(comparison.mcnemar.p < 1); // but not the decisions
  assert.match(evaluate("--run", run, "--against", rival).stdout, /DeLong p 1\.00/);
});

test("--groups measures by a column of another table", () => {
  const file = join(run, "slides.csv");
  const rows = predictedTiles(977, 1).map(({ filename }, i) => `${filename},${i % 2 ? "A" : "B"}`);
  writeFileSync(file, `image,scanner\n${rows.join("\n")}\n`);
  const { groups } = evaluateJson<{ groups: { group: string; n: number }[] }>(
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

test("the report tells of the other run and of the groups where they were asked for", () => {
  const options = ["--against", rival, "--groups", join(run, "slides.csv"), "--by", "scanner"];
  const { report } = evaluateJson<{ report: string }>("--run", run, "--report", ...options);
  const html = readFileSync(report, "utf8");
  assert.match(html, /<section id="groups"><h2>By scanner<\/h2>/);
  assert.match(html, /<section id="comparison">.*McNemar, p = /s);
});

test("bad input is one line, with exit status 2", () => {
  const cases: [string[], RegExp][] = [
    [["--run", "/absent"], /The run \/absent does not exist/],
    [["--run", run, "--threshold-rule", "best"], /Threshold rule "best"/],
    [["--run", run, "--by", "scanner"], /--groups FILE and --by COLUMN/],
    [["--run", run, "--against", "/absent"], /does not exist/],
    [[], /--run/],
  ];
  for (const [options, expected] of cases) {
    const { status, stderr } = evaluate(...options);
    assert.equal(status, 2, stderr);
    assert.match(stderr, expected);
    assert.equal(stderr.trimEnd().split("\n").length, 1);
  }
});
