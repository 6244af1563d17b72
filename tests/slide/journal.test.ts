import assert from "node:assert/strict";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Journal } from "../../src/slide/journal";
import { temporaryDirectory } from "../support/temporary-directory";

const answer = (logit: number) => ({ logits: Float32Array.of(logit), inDistribution: [logit / 8], problems: [] });

test("a journal gives back the answers of its own work, up to a line that is cut off", async (t) => {
  const path = join(await temporaryDirectory(t), "answers.jsonl");
  const first = await Journal.open(path, { model: "a" }, false);
  await first.add(3, answer(0.5));
  await first.add(1, answer(-2));
  await first.close();
  await appendFile(path, '{"of":"');
  const again = await Journal.open(path, { model: "a" }, true);
  await again.close();
  assert.deepEqual([...again.answers.keys()], [3, 1]);
  assert.deepEqual(again.answers.get(1)?.logits, Float32Array.of(-2));
  assert.deepEqual(again.answers.get(1)?.inDistribution, [-0.25]);
  await assert.rejects(Journal.open(path, { model: "a" }, false), { code: "SLIDE_UNFINISHED" });
  await assert.rejects(Journal.open(path, { model: "b" }, true), { code: "SLIDE_RESUME_OTHER", message: /\(model\)/ });
});

test("two processes with other work in one folder do not get each other's answers", async (t) => {
  const path = join(await temporaryDirectory(t), "answers.jsonl");
  const a = await Journal.open(path, { model: "a" }, false);
  const b = await Journal.open(path, { model: "b" }, false);
  await a.add(0, answer(1));
  await b.add(1, answer(2));
  await a.close();
  await b.close();
  const again = await Journal.open(path, { model: "b" }, true);
  assert.deepEqual([...again.answers.keys()], [1]);
  await again.add(2, answer(3));
  await again.close();
  const last = await Journal.open(path, { model: "b" }, true);
  await last.close();
  assert.deepEqual([...last.answers.keys()], [1, 2]);
});
