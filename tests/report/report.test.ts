import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { source as axeSource } from "axe-core";
import { JSDOM } from "jsdom";
import { compareModels, type Prediction, readRun, sigmoid, subgroupTable } from "../../src/evaluation/index";
import { Random } from "../../src/random/index";
import { writeReport } from "../../src/report/index";
import { predictedTiles } from "../support/predicted-tiles";
import { runFolder } from "../support/run-folder";

async function reportOf(folder: string) {
  const path = await writeReport(folder);
  assert.equal(path, join(folder, "report.html"));
  const html = await readFile(path, "utf8");
  return { html, path, document: new JSDOM(html).window.document };
}

function text(document: { querySelector(selector: string): { textContent: string | null } | null }, selector: string) {
  return document.querySelector(selector)?.textContent ?? "";
}

/** The report of a usual run, which the tests only read. */
let made: ReturnType<typeof reportOf> | undefined;
const usual = () => {
  made ??= runFolder().then(reportOf);
  return made;
};

test("the report tells the result, how it was decided, how sure it is, and what went wrong", async () => {
  const { document } = await usual();
  const ids = [...document.querySelectorAll("section")].map((section) => section.id);
  const all = ["summary", "threshold", "ranking", "calibration", "experts", "mistakes", "training", "provenance"];
  assert.deepEqual(ids, all);
  assert.match(text(document, "#summary"), /found \d+ of \d+ SSA and missed \d+; of \d+ HP it called \d+ SSA/);
  assert.match(text(document, "#summary"), /ROC AUC0\.\d{3}\(0\.\d{3}–0\.\d{3}\)/);
  assert.match(text(document, "#summary"), /on 432 validation images by the rule recall of at least 0\.9/);
  assert.match(text(document, "#experts"), /7\/7/);
  assert.match(text(document, "#calibration"), /The temperature fitted on validation is \d/);
  assert.match(text(document, "#training"), /3 epochs/);
  assert.match(text(document, "#mistakes"), /HP called SSA: the 8 most confident of/);
});

test("the file is complete in itself", async () => {
  const { html, document } = await usual();
  for (const element of document.querySelectorAll("[src], link[href]")) {
    assert.match(element.getAttribute("src") ?? element.getAttribute("href") ?? "", /^data:/);
  }
  assert.ok(html.includes("plotly.js"), "plotly is inside");
  assert.ok(html.length < 2e6, `${html.length} bytes`);
  const { figures, templates } = JSON.parse(text(document, "#figures"));
  assert.equal(figures.length, document.querySelectorAll("figure.plot").length);
  assert.ok(figures.length >= 8);
  assert.deepEqual(Object.keys(templates), ["light", "dark"]);
});

test("names out of files cannot become markup", async () => {
  const evil = '<img src=x onerror="alert(1)"></script>';
  const test = predictedTiles(60).map((row, i) => ({ ...row, filename: `${evil}${i}` }));
  const { document, html } = await reportOf(await runFolder({ test, config: { classes: ["HP", evil], name: evil } }));
  assert.equal(document.querySelectorAll('img[src="x"]').length, 0);
  assert.ok(!html.includes(evil));
  assert.ok(text(document, "h1").includes(evil));
});

test("a weak, tiny or one-class result is said to be one", async () => {
  const coin = predictedTiles(300, 3, 0);
  const weak = await reportOf(await runFolder({ test: coin }));
  assert.match(text(weak.document, "#summary"), /interval of the ROC AUC includes 0\.5|no better than chance/);
  const tiny = await reportOf(await runFolder({ test: predictedTiles(20) }));
  assert.match(text(tiny.document, "#summary"), /Only \d+ images of the rarer class/);
  const ones = predictedTiles(100).filter((row) => row.label === 1);
  const single = await reportOf(await runFolder({ test: ones, validation: ones }));
  assert.match(text(single.document, "#summary"), /All test images are of one class/);
  assert.doesNotMatch(text(single.document, "main"), /NaN|undefined|null/);
  assert.match(text(single.document, "#summary"), /Specificity–/, "not 0 of images that there are none of");
  assert.doesNotMatch(text(single.document, "#threshold"), /other rules/);
});

test("few patients are said to be few, and are what intervals and tests count", async () => {
  const rows = predictedTiles(400).map((row, i) => ({ ...row, group: `patient ${i % 12}` }));
  const { document } = await reportOf(await runFolder({ test: rows }));
  assert.match(text(document, "#summary"), /Only 12 groups \(patients or slides\) with images of one class/);
  assert.match(text(document, "#provenance"), /intervals and tests count the 12 groups of the images/);
  assert.match(text((await usual()).document, "#provenance"), /true intervals are wider than those shown/);
});

test("whether two models differ more than by chance is what the interval says", async () => {
  const folder = await runFolder();
  const results = await readRun(folder);
  // Six positives among 200 images: DeLong's standard error is too small.
  const random = new Random(11, "two-models");
  const found = Array.from({ length: 40 }, () => {
    const label = (i: number) => (i < 6 ? 1 : 0);
    const model = (mean: number) =>
      Array.from({ length: 200 }, (_, i): Prediction => {
        const logit = mean * label(i) + random.normal();
        return { filename: `${i}.png`, label: label(i), logit, probability: sigmoid(logit) };
      });
    return compareModels({ predictions: model(2.9), threshold: 0.5 }, { predictions: model(1.6), threshold: 0.5 });
  }).find(({ delong: { p, ci95 } }) => p < 0.05 && ci95[0] < 0);
  assert.ok(found, "no such sample");
  const path = await writeReport(results, join(folder, "compared.html"), { comparison: { ...found, name: "other" } });
  const { document } = new JSDOM(await readFile(path, "utf8")).window;
  assert.match(
    text(document, "#comparison"),
    /, no more than chance explains \(DeLong, p = 0\.0\d+, which is too small with so few/,
  );
});

test("a group of images of one class has no sensitivity or no specificity", async () => {
  const folder = await runFolder();
  const results = await readRun(folder);
  const table = subgroupTable(results.test, ({ label }) => (label ? "tumours" : "benign"), 0.4);
  const path = await writeReport(results, join(folder, "groups.html"), { groups: { by: "kind", table } });
  const { document } = new JSDOM(await readFile(path, "utf8")).window;
  const cells = [...document.querySelectorAll("#groups tbody tr")].map((row) =>
    [...row.querySelectorAll("th, td")].map((cell) => cell.textContent),
  );
  assert.deepEqual([cells[0]?.[5], cells[1]?.[6]], ["–", "–"]);
  assert.match(`${cells[0]?.[6]} ${cells[1]?.[5]}`, /^\d+\.\d % \d+\.\d %$/);
});

test("few images do not make right probabilities look poorly calibrated", async () => {
  const random = new Random(4, "right");
  const rows = Array.from({ length: 100 }, (_, i) => {
    const logit = random.normal(0, 1);
    const probability = sigmoid(logit);
    return { filename: `${i}.png`, label: random.chance(probability) ? 1 : 0, logit, probability } as const;
  });
  const right = await reportOf(await runFolder({ test: rows }));
  assert.ok(Number(/Calibration error.*?(\d\.\d+)/.exec(text(right.document, "#summary"))?.[1]) > 0.1, "by chance");
  assert.doesNotMatch(text(right.document, "#summary"), /poorly calibrated/);
  const sure = rows.map((row) => ({ ...row, logit: 6 * row.logit, probability: sigmoid(6 * row.logit) }));
  const wrong = await reportOf(await runFolder({ test: sure }));
  assert.match(text(wrong.document, "#summary"), /poorly calibrated/);
  assert.match(
    text(wrong.document, "#calibration"),
    /overconfident.*chance of a line this far from perfect is below 0\.001/,
  );
});

test("a result without a mistake is doubted, and one without test images is said to be that of validation", async () => {
  const right = predictedTiles(200).map((row) => ({
    ...row,
    logit: row.label ? 5 : -5,
    probability: row.label ? 0.99 : 0.01,
  }));
  const perfect = await reportOf(await runFolder({ test: right, validation: right }));
  assert.match(
    text(perfect.document, "#mistakes"),
    /^The worst mistakesNo wrong decision among 200 test images\. That is rare/,
  );
  assert.doesNotMatch(text(perfect.document, "#mistakes"), /most confident/);
  assert.doesNotMatch(text(perfect.document, "main"), /NaN|undefined|null/);
  const folder = await runFolder();
  await rm(join(folder, "predictions-test.csv"));
  const untested = await reportOf(folder);
  assert.match(text(untested.document, "#provenance"), /validation images of this report also chose the epoch/);
  assert.doesNotMatch(text(untested.document, "main"), /used for nothing but this report|NaN|undefined|null/);
});

test("results on drawn tiles are said to be that", async () => {
  const { document } = await reportOf(await runFolder({ config: { drawn: true } }));
  assert.match(text(document, "#summary"), /drawn by a program, and so are the votes .* say nothing about tissue/);
  assert.match(text(document, "#experts h2"), /simulated votes/);
});

test("without votes, history and data set the report does without them", async () => {
  const silent = predictedTiles(200).map(({ votes: _, ...row }) => row);
  const { document } = await reportOf(await runFolder({ test: silent, config: { data: "/absent/data" } }));
  assert.equal(document.querySelector("#experts"), null);
  assert.match(text(document, "#mistakes"), /The images are not shown: .*absent/);
});

const CHROMIUM = "/usr/bin/chromium";

test("a browser draws every figure, light and dark, and asks the network for nothing", {
  skip: !existsSync(CHROMIUM) && "no Chromium at /usr/bin/chromium",
}, async () => {
  const { path, document } = await usual();
  const { launch } = await import("puppeteer-core");
  const browser = await launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => complaints.push(message.text()));
    page.on("request", (request) => {
      if (/^https?:|^wss?:/.test(request.url())) complaints.push(request.url());
    });
    await page.goto(`file://${path}`);
    const figures = document.querySelectorAll("figure.plot").length;
    const drawn = () => page.$$eval("figure.plot .main-svg:first-child", (drawings) => drawings.length);
    const background = () => page.$eval("figure.plot .main-svg", (svg) => svg.getAttribute("style"));
    assert.equal(await drawn(), figures);
    const before = await background();
    await page.click("#theme");
    assert.notEqual(await background(), before);
    assert.equal(await drawn(), figures);
    await page.evaluate(axeSource);
    assert.deepEqual(await page.evaluate("axe.run().then(({ violations }) => violations.map(({ id }) => id))"), []);
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
  }
});
