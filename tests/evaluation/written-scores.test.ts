/** Scores as files write them, judged as exact decimal arithmetic and scikit-learn judge them. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { binaryMetrics, logitOf, readScoredTable, type ScoredTableOptions } from "../../src/evaluation/index";
import { runPython, withoutPython } from "../support/python";
import { allRows } from "../support/scored-rows";
import { temporaryDirectory } from "../support/temporary-directory";

/** Decisions by fractions, which round nothing; measures by scikit-learn. */
const PEER = `
import json, sys, numpy as np
from fractions import Fraction
from sklearn import metrics as m
out = []
for case in json.load(sys.stdin):
    y = np.array([int(name == "SSA") for name in case["labels"]])
    exact = [Fraction(text) / case["scale"] for text in case["scores"]]
    s = np.array([float(value) for value in exact])
    areas = s if case["logits"] is False else np.array([float(text) for text in case["scores"]])
    if case["logits"]:
        s = 1 / (1 + np.exp(-s)); p = (s >= float(case["threshold"])).astype(int)
    else:
        p = np.array([int(value >= Fraction(case["threshold"])) for value in exact])
    tn, fp, fn, tp = m.confusion_matrix(y, p, labels=[0, 1]).ravel()
    out.append({"rocAuc": m.roc_auc_score(y, areas), "prAuc": m.average_precision_score(y, areas),
        "brier": m.brier_score_loss(y, s, pos_label=1), "accuracy": m.accuracy_score(y, p),
        "weightedF1": m.f1_score(y, p, average="weighted"), "weightedPrecision": m.precision_score(y, p, average="weighted"),
        "tp": int(tp), "fp": int(fp), "tn": int(tn), "fn": int(fn)})
print(json.dumps(out))
`;

interface Form {
  readonly header: string;
  readonly options?: ScoredTableOptions;
  /** Parts of a whole. */
  readonly scale: number;
  readonly logits?: boolean;
  /** The number that the peer reads. */
  text(score: number): string;
  /** What the file has for it. */
  written?(text: string): string;
}

const FORMS: Readonly<Record<string, Form>> = {
  probabilities: { header: "label;score", scale: 1, text: (score) => String(score) },
  "probabilities with four decimals": { header: "label;score", scale: 1, text: (score) => score.toFixed(4) },
  "percent by the column's name": { header: "label;score (%)", scale: 100, text: (score) => (100 * score).toFixed(2) },
  "percent by sign": {
    header: "label;score",
    scale: 100,
    text: (score) => (100 * score).toFixed(1),
    written: (text) => `${text} %`,
  },
  "percent by option": {
    header: "label;score",
    options: { percent: true },
    scale: 100,
    text: (score) => (100 * score).toFixed(3),
  },
  "decimal commas": {
    header: "label;score",
    scale: 1,
    text: (score) => score.toFixed(3),
    written: (text) => text.replace(".", ","),
  },
  exponents: { header: "label;score", scale: 1, text: (score) => score.toExponential(5) },
  logits: {
    header: "label;logit",
    scale: 1,
    logits: true,
    text: (score) => String(logitOf(Math.min(1 - 1e-9, Math.max(1e-9, score)))),
  },
};

test("scores at their own threshold are positive in every form, and the measures are scikit-learn's", {
  skip: withoutPython(),
}, async (context) => {
  const folder = await temporaryDirectory(context);
  const cases = [];
  const ours = [];
  for (const { name, labels, scores } of allRows.filter(({ labels }) => labels.length < 1000)) {
    for (const [kind, form] of Object.entries(FORMS)) {
      const texts = scores.map(form.text);
      const names = labels.map((label) => (label ? "SSA" : "HP"));
      const written = texts.map((text) => form.written?.(text) ?? text);
      const file = join(folder, "scores.csv");
      await writeFile(file, [form.header, ...names.map((label, i) => `${label};${written[i]}`)].join("\n"));
      const table = await readScoredTable(file, { positive: "SSA", ...form.options });
      assert.equal(table.logits, form.logits ?? false);
      // The threshold is one of the scores as written, as a probability.
      const threshold = form.logits ? 0.5 : (table.scores[Math.floor(labels.length / 2)] as number);
      const measured = binaryMetrics(table.labels, table.scores, { threshold, interval: false, logits: table.logits });
      ours.push({ name: `${name}, ${kind}`, measured: { ...measured, ...measured.confusion } as object });
      const { scale, logits = false } = form;
      cases.push({ labels: names, scores: texts, scale, logits, threshold: String(threshold) });
    }
  }
  const theirs = await runPython<Record<string, number | null>[]>(PEER, cases);
  assert.equal(theirs.length, ours.length);
  ours.forEach(({ name, measured }, i) => {
    for (const [key, value] of Object.entries(theirs[i] ?? {})) {
      const got = (measured as Record<string, number>)[key] as number;
      const close = value === null ? Number.isNaN(got) : Math.abs(got - value) <= 1e-9;
      assert.ok(close, `${name}: ${key} is ${got}, the peer says ${value}`);
    }
  });
});
