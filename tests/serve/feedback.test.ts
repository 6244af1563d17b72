/** A person's label goes from the server's file to a measure of the run. */
import assert from "node:assert/strict";
import { readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { startServer } from "../../serve/server/index";
import { readFeedback } from "../../src/evaluation/index";
import { writeModel } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";

const post = async (url: string, body: object) => {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${url}/feedback`, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, text: await response.text() };
};

const ANSWER = { image_filename: "t.png", model: "mlp", logit: 0.4, probability: 0.6, threshold: 0.5 };

test("labels of people are kept line by line, the last for an image counts, and a full file takes no more", async (context) => {
  const directory = await temporaryDirectory(context);
  const feedback = join(directory, "feedback.jsonl");
  const server = await startServer({ models: [await writeModel(join(directory, "mlp"))], port: 0, feedback });
  context.after(() => server.close());
  const send = (body: object) => post(server.url, body);
  assert.equal((await send({ ...ANSWER, label: "SSA" })).status, 204);
  assert.equal((await send({ ...ANSWER, label: "HP" })).status, 204);
  assert.match((await send({ ...ANSWER, label: "XYZ" })).text, /FIELD_INVALID.*label must be HP or SSA/s);
  assert.match((await send({ ...ANSWER, label: "HP", logit: "much" })).text, /logit must be a number/);

  assert.match(
    (await send({ ...ANSWER, label: "HP", probability: 7 })).text,
    /probability must be a number from 0 to 1/,
  );
  assert.match((await send({ ...ANSWER, label: "HP", threshold: -1 })).text, /threshold must be a number from 0 to 1/);

  const { predictions, otherRuns } = await readFeedback(feedback, ["mlp"], ["HP", "SSA"]);
  assert.deepEqual(predictions, [{ filename: "t.png", label: 0, logit: 0.4, probability: 0.6 }]);
  assert.equal(otherRuns, 0);
  assert.equal((await readFeedback(feedback, ["another"], ["HP", "SSA"])).otherRuns, 2);

  const { length } = await readFile(feedback);
  await truncate(feedback, 10 * 2 ** 20 - length);
  const many = await Promise.all(Array.from({ length: 20 }, () => send({ ...ANSWER, label: "HP" })));
  assert.equal(many.filter(({ status }) => status === 204).length, 2);
  assert.equal(many.filter(({ status }) => status === 507).length, 18);
  assert.ok((await stat(feedback)).size <= 10 * 2 ** 20);
});

test("a label for an answer of another version of the model is refused", async (context) => {
  const directory = await temporaryDirectory(context);
  const feedback = join(directory, "feedback.jsonl");
  const server = await startServer({ models: [await writeModel(join(directory, "mlp"))], port: 0, feedback });
  context.after(() => server.close());
  const { models } = (await (await fetch(`${server.url}/info`)).json()) as { models: [{ sha256: string }] };
  const send = (model_sha256: string) => post(server.url, { ...ANSWER, label: "HP", model_sha256 });
  assert.match((await send("0".repeat(64))).text, /FIELD_INVALID.*another version/s);
  assert.equal((await send(models[0].sha256)).status, 204);
});

test("labels of images that have the same name, as pasted ones do, all count", async (context) => {
  const file = join(await temporaryDirectory(context), "feedback.jsonl");
  const line = (logit: number, label: string) =>
    `${JSON.stringify({ run: "mlp", image_filename: "image.png", label, logit, probability: 0.7 })}\n`;
  await writeFile(file, line(0.9, "HP") + line(1.4, "SSA") + line(0.90001, "SSA"));
  const { predictions } = await readFeedback(file, ["mlp"], ["HP", "SSA"]);
  assert.deepEqual(
    predictions.map(({ logit, label }) => [logit, label]),
    [
      [0.90001, 1],
      [1.4, 1],
    ],
  );
});

test("a server without a file for labels says so", async (context) => {
  const directory = await temporaryDirectory(context);
  const server = await startServer({ models: [await writeModel(join(directory, "mlp"))], port: 0 });
  context.after(() => server.close());
  const { feedback } = (await (await fetch(`${server.url}/info`)).json()) as { feedback: boolean };
  assert.equal(feedback, false);
  assert.match((await post(server.url, { ...ANSWER, label: "HP" })).text, /FEEDBACK_NOT_CONFIGURED/);
});

test("a line that is no label is named", async (context) => {
  const file = join(await temporaryDirectory(context), "feedback.jsonl");
  await writeFile(file, '{"run":"mlp","image_filename":"a.png","label":"HP","logit":1,"probability":0.7}\n{"run":\n');
  await assert.rejects(readFeedback(file, ["mlp"], ["HP", "SSA"]), /line 2 is not JSON/);
});

test("a label goes on a line of its own, also after one that somebody left without an end", async (context) => {
  const directory = await temporaryDirectory(context);
  const feedback = join(directory, "feedback.jsonl");
  const line = JSON.stringify({ ...ANSWER, run: "mlp", image_filename: "a.png", label: "HP" });
  await writeFile(feedback, line);
  const server = await startServer({ models: [await writeModel(join(directory, "mlp"))], port: 0, feedback });
  context.after(() => server.close());
  assert.equal((await post(server.url, { ...ANSWER, label: "SSA" })).status, 204);
  const [first, second, ...rest] = (await readFile(feedback, "utf8")).split("\n");
  assert.equal(first, line);
  assert.equal(JSON.parse(second as string).label, "SSA");
  assert.deepEqual(rest, [""]);
});

test("a full disk is no fault of the server, and a file that cannot be written is refused at start", async (context) => {
  const directory = await temporaryDirectory(context);
  const models = [await writeModel(join(directory, "mlp"))];
  const elsewhere = join(directory, "missing", "feedback.jsonl");
  await assert.rejects(startServer({ models, port: 0, feedback: elsewhere }), {
    code: "FEEDBACK_UNWRITABLE",
    message: /^--feedback: .*feedback\.jsonl cannot be written: ENOENT/,
  });
  await assert.rejects(startServer({ models, port: 0, feedback: directory }), { code: "FEEDBACK_UNWRITABLE" });
  const server = await startServer({ models, port: 0, feedback: "/dev/full" });
  context.after(() => server.close());
  const { status, text } = await post(server.url, { ...ANSWER, label: "HP" });
  assert.equal(status, 507);
  assert.match(text, /disk with the feedback file is full.*FEEDBACK_FULL/s);
});
