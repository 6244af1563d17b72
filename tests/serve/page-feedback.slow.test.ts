/** "Right or wrong?": a person's label goes from the page to the server's file, and from there to `histo evaluate`. */
import assert from "node:assert/strict";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Page } from "puppeteer-core";
import { startServer } from "../../serve/server/index";
import { writePredictions } from "../../src/evaluation/index";
import { startBrowser, withoutChromium } from "../support/browser";
import { histoJson } from "../support/histo";
import { predictedTiles } from "../support/predicted-tiles";
import { writeModel } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";

/** The first page of a server, with the answer for the first example. */
async function answered(context: TestContext, settings: object): Promise<Page> {
  const server = await startServer({ models: [], port: 0, ...settings });
  context.after(() => server.close());
  const { browser, close } = await startBrowser();
  context.after(close);
  const page = await browser.newPage();
  await page.goto(server.url, { waitUntil: "networkidle0" });
  await page.click(".thumb");
  await page.waitForSelector(".verdict");
  return page;
}

/** Presses a button of "Right or wrong?" with the keyboard, and waits for what is said then. */
async function correct(page: Page, label: string, said: RegExp): Promise<void> {
  await page.evaluate((wanted) => {
    const buttons = [...document.querySelectorAll<HTMLElement>("[aria-labelledby=wrong-0] button")];
    buttons.find(({ textContent }) => textContent === wanted)?.focus();
  }, `It is ${label}`);
  await page.keyboard.press("Enter");
  await page.waitForFunction(
    (pattern) =>
      new RegExp(pattern).test(document.querySelector("[aria-labelledby=wrong-0] [role=status]")?.textContent ?? ""),
    {},
    said.source,
  );
}

test("a label given on the page is kept with the answer, and histo evaluate measures the run by it", {
  skip: withoutChromium(),
}, async (context) => {
  const directory = await temporaryDirectory(context);
  const feedback = join(directory, "feedback.jsonl");
  const page = await answered(context, { models: [await writeModel(join(directory, "mlp"))], feedback });
  assert.equal(await readFile(feedback, "utf8"), "", "an answer alone is not kept");
  const predicted = await page.$eval(".verdict-class", ({ textContent }) => textContent);
  const other = predicted === "SSA" ? "HP" : "SSA";
  const asked = await page.$eval("[aria-labelledby=wrong-0]", ({ textContent }) => textContent);
  assert.equal(asked, "Right or wrong?It is HPIt is SSA", "the question holds for both classes");
  await correct(page, predicted ?? "", /Saved: you labelled it/);
  await correct(page, other, new RegExp(`Saved: you labelled it ${other}`));
  const lines = (await readFile(feedback, "utf8")).trimEnd().split("\n");
  const [first, last] = lines.map((line) => JSON.parse(line));
  assert.deepEqual([lines.length, first.label, last.label], [2, predicted, other]);
  assert.match(last.image_filename, /^drawn-1/);

  const run = join(directory, "mlp-run", "mlp");
  await writePredictions(join(run, "predictions-validation.csv"), predictedTiles(60));
  const given = ["--run", run, "--feedback", feedback, "--no-track"];
  const result = histoJson<{ feedback: Record<string, unknown> }>("evaluate", ...given);
  const { n, accuracy, otherRuns } = result.feedback;
  assert.deepEqual([n, accuracy, otherRuns], [1, 0, 0], "the last label counts, which says that the model was wrong");
});

test("a server that keeps no labels does not ask for them", { skip: withoutChromium() }, async (context) => {
  const directory = await temporaryDirectory(context);
  const page = await answered(context, { models: [await writeModel(join(directory, "mlp"))] });
  assert.equal(await page.$("[aria-labelledby=wrong-0]"), null);
});

test("a label that could not be kept is told with the reason", { skip: withoutChromium() }, async (context) => {
  const directory = await temporaryDirectory(context);
  const folder = join(directory, "removed");
  await mkdir(folder);
  const feedback = join(folder, "feedback.jsonl");
  const page = await answered(context, { models: [await writeModel(join(directory, "mlp"))], feedback });
  await rm(folder, { recursive: true });
  await correct(page, "HP", /\w/);
  const said = await page.$eval("[aria-labelledby=wrong-0] [role=status]", ({ textContent }) => textContent ?? "");
  assert.doesNotMatch(said, /Saved/);
});
