import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { histoHere, histoJson } from "../support/histo";
import { sharedDirectory } from "../support/temporary-directory";

const file = join(sharedDirectory(), "predictions.csv");
writeFileSync(file, "filename,label,probability\na,HP,0.1\nb,HP,0.4\nc,SSA,0.35\nd,SSA,0.8\n");

test("--json prints the contract's names as one line", async () => {
  const metrics = histoJson<Record<string, unknown>>("metrics", "--predictions", file, "--threshold", "0.3");
  const names =
    "n threshold rocAuc rocAucCi95 prAuc accuracy balancedAccuracy precision recall specificity f1 weightedPrecision " +
    "weightedRecall weightedF1 falseNegativeRate brier expectedCalibrationError confusion";
  for (const name of names.split(" ")) assert.ok(name in metrics, name);
  assert.equal(metrics.rocAuc, 0.75);
  assert.deepEqual(metrics.confusion, { tp: 2, fp: 1, tn: 1, fn: 0 });
  assert.equal(metrics.positive, "SSA");
});

test("without --json people can read it", async () => {
  const { status, stdout } = await histoHere("metrics", "--predictions", file);
  assert.equal(status, 0);
  assert.match(stdout, /ROC AUC +0\.750( |$)/m);
  assert.match(stdout, /Labels from "label" \(positive: SSA\), probabilities from "probability"/);
});

test("rows of a patient or slide are not taken for independent", async () => {
  const path = join(sharedDirectory(), "grouped.csv");
  const scores = [0.1, 0.6, 0.3, 0.4, 0.5, 0.7, 0.2, 0.9, 0.8, 0.35];
  /** Each score five times, of one patient or of five. */
  const write = (patients: 1 | 5) => {
    const rows = scores.flatMap((p, i) => [0, 1, 2, 3, 4].map((k) => `${i % 2},${p},p${i}-${patients > 1 ? k : ""}`));
    writeFileSync(path, `label,probability,Patient ID\n${rows.join("\n")}\n`);
  };
  const width = (...options: string[]) => {
    const found = histoJson<{ rocAucCi95: [number, number]; groups?: number }>(
      "metrics",
      "--predictions",
      path,
      ...options,
    );
    return { width: found.rocAucCi95[1] - found.rocAucCi95[0], groups: found.groups };
  };
  write(1);
  const [grouped, named, single] = [width(), width("--group", "patient id"), width("--group", "none")];
  assert.equal(grouped.groups, scores.length);
  assert.equal(named.width, grouped.width);
  assert.equal(single.groups, undefined);
  assert.ok(grouped.width > 1.5 * single.width, `${grouped.width} of patients, ${single.width} of rows`);
  const { stdout } = await histoHere("metrics", "--predictions", path);
  assert.match(stdout, /rows of the same "Patient ID" \(10 in all\) as dependent/);
  assert.equal(width("--group", "None").width, single.width);
  write(5);
  assert.equal(width().width, single.width, "patients of one row are rows");
});

test("rows without a patient are counted", async () => {
  const path = join(sharedDirectory(), "some-patients.csv");
  const read = async (...patients: string[]) => {
    const rows = patients.map((patient, i) => `${i % 2},0.${i + 1},${patient}`);
    writeFileSync(path, `label,probability,patient\n${rows.join("\n")}\n`);
    return (await histoHere("metrics", "--predictions", path)).stdout;
  };
  assert.match(
    await read("a", "a", "", "n/a"),
    /^No "patient" is given for 2 rows: each counts as a group of its own/m,
  );
  assert.doesNotMatch(await read("a", "a", "b", "b"), /is given for/);
});

test("of a positive class that sounds negative and was not named, the other is suggested", async () => {
  const path = join(sharedDirectory(), "stable.csv");
  const read = async (classes: readonly [string, string], ...options: string[]) => {
    writeFileSync(path, `label,probability\n${classes[0]},0.1\n${classes[1]},0.8\n`);
    return (await histoHere("metrics", "--predictions", path, ...options)).stdout;
  };
  const hint = /^"MSS" is the positive class, .*; --positive "MSIMUT" turns that round\.$/m;
  assert.match(await read(["MSS", "MSIMUT"]), hint);
  assert.doesNotMatch(await read(["MSS", "MSIMUT"], "--positive", "MSS"), /turns that round/);
  assert.doesNotMatch(await read(["HP", "SSA"]), /turns that round/);
  assert.doesNotMatch(await read(["0", "1"]), /turns that round/);
});

test("of two columns of patients that differ, the message says how to choose one or none", async () => {
  const path = join(sharedDirectory(), "two-patients.csv");
  const read = (header: string, ...options: string[]) => {
    writeFileSync(path, `${header},label,probability\na,1,0,0.2\na,2,1,0.8\nb,2,0,0.4\n`);
    return histoHere("metrics", "--predictions", path, ...options);
  };
  const unclear = await read("Patient,patients");
  assert.equal(unclear.status, 2);
  assert.match(
    unclear.stderr,
    /"Patient" and "patients" that differ; name one with --group NAME, or give --group none to/,
  );
  assert.match((await read("Patient,patients", "--group", "patients")).stdout, /the same "patients" \(2 in all\)/);
  assert.doesNotMatch((await read("Patient,patients", "--group", "none")).stdout, /the same/);
  const twice = await read("patient,patient");
  assert.match(twice.stderr, /two columns "patient" that differ; remove or rename one, or give --group none to/);
});

test("a column of labels is not one of patients, but does not hide another", async () => {
  const path = join(sharedDirectory(), "cases.csv");
  const rows = Array.from({ length: 12 }, (_, i) => `${i % 2 ? "tumor" : "benign"},0.${i + 1},s${i % 3}`);
  writeFileSync(path, `case,probability,slide\n${rows.join("\n")}\n`);
  const read = ["metrics", "--predictions", path, "--label", "case"];
  const { columns, groups } = histoJson<{ columns: { group?: string }; groups?: number }>(...read);
  assert.deepEqual([columns.group, groups], ["slide", 3]);
  const named = await histoHere(...read, "--group", "Case");
  assert.equal(named.status, 2);
  assert.match(named.stderr, /"case" \(--group\) is the column of labels or scores/);
});

test("rows of one class are said to be the reason for an undefined area", async () => {
  const path = join(sharedDirectory(), "one.csv");
  writeFileSync(path, "label,probability,patient\n1,0.4,a\n1,0.8,a\n");
  const { stdout } = await histoHere("metrics", "--predictions", path);
  assert.match(stdout, /ROC AUC +undefined/);
  assert.match(stdout, /Every row is of the class 1: the ROC AUC needs both classes\./);
  assert.match(stdout, /^specificity +undefined$/m);
  assert.doesNotMatch(stdout, /interval/i, "there is none to speak of");
});

test("bad input is one line that names it, with exit status 2", async () => {
  const cases: [string[], RegExp][] = [
    [["--predictions", `${file}.absent`], /absent does not exist/],
    [["--predictions", file, "--threshold", "2"], /--threshold/],
    [["--predictions", file, "--score", "nope"], /"nope" \(--score\)/],
    [["--predictions", file, "--group", "nope"], /"nope" \(--group\)/],
    [[], /--predictions/],
  ];
  for (const [options, expected] of cases) {
    const { status, stdout, stderr } = await histoHere("metrics", ...options);
    assert.equal(status, 2);
    assert.equal(stdout, "");
    assert.match(stderr, expected);
    assert.equal(stderr.trimEnd().split("\n").length, 1);
  }
});
