import assert from "node:assert/strict";
import { test } from "node:test";
import { explainRefusal, isAcceptable, missedLimits } from "../../src/compression/limits";
import type { Verification } from "../../src/model-directory/index";

/** Of 40 tiles, as near as can be but for what is given. */
const verified = (measures: Partial<Verification>): Verification => ({
  ...{ tiles: 40, maxDeviation: 0, rmsDeviation: 0, logitSpread: 2, rocAuc: null },
  ...{ rocAucDrop: null, rocAucDropCi95: null, changedAnswers: 0, ...measures },
});

/** A refused form, at most one of whose answers may change. */
const refused = (description: string, measures: Partial<Verification>) => {
  const verification = verified(measures);
  return { description, verification, missed: missedLimits(verification, 1) };
};

test("a form that keeps to every limit is acceptable, with or without an AUC", () => {
  assert.ok(isAcceptable(missedLimits(verified({ rmsDeviation: 0.2, rocAucDrop: 0.005, changedAnswers: 1 }), 1)));
  assert.ok(isAcceptable(missedLimits(verified({}), 0)));
});

test("the limit that was missed is named with its size, and advice is about that limit", () => {
  const deviation = explainRefusal([refused("8 bits", { rmsDeviation: 0.3, changedAnswers: 1 })]);
  assert.match(deviation, /8 bits.*logits change by 15\.0 % of their spread \(at most 10 %\)\. Export int8 or fp32\.$/);
  const auc = explainRefusal([refused("8 bits", { rocAucDrop: 0.0123 })]);
  assert.match(auc, /the AUC drops by 0\.0123 \(at most 0\.005\)\. Export/);
  for (const text of [deviation, auc]) assert.doesNotMatch(text, /max-changed-answers|answers? of 40/);
});

test("where only changed answers stand in the way, the advised share is enough", () => {
  const forms = [
    refused("rank 16", { rmsDeviation: 1, changedAnswers: 2 }),
    refused("rank 64", { changedAnswers: 3 }),
    refused("whole", { rocAucDrop: 0.1, changedAnswers: 2 }),
  ];
  const text = explainRefusal(forms);
  assert.match(text, /\(rank 64\).*3 answers of 40 change \(at most 1\)/);
  const share = Number(/--max-changed-answers ([\d.]+)\.$/.exec(text)?.[1]);
  assert.equal(Math.ceil(share * 40), 3);
});
