import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { source as axeSource } from "axe-core";
import { startServer } from "../../serve/server/index";
import { startBrowser, withoutChromium } from "../support/browser";
import { writeModel } from "../support/served-model";
import { picture, shrunk, writeSlide } from "../support/slide-files";
import { familiarNoise } from "../support/slide-server";
import { temporaryDirectory } from "../support/temporary-directory";

/** Left, top, right and bottom of what is drawn on each canvas: the slide's, then the map's. */
const drawnBoxes = (canvases: Element[]) =>
  (canvases as HTMLCanvasElement[]).map((canvas) => {
    const { width, height } = canvas;
    const { data } = (canvas.getContext("2d") as CanvasRenderingContext2D).getImageData(0, 0, width, height);
    const at = Array.from({ length: width * height }, (_, i) => i).filter((i) => (data[4 * i + 3] as number) > 0);
    const [columns, rows] = [at.map((i) => i % width), at.map((i) => Math.floor(i / width))];
    const ends = (values: number[], end: (a: number, b: number) => number) => values.reduce((a, b) => end(a, b));
    return [ends(columns, Math.min), ends(rows, Math.min), ends(columns, Math.max), ends(rows, Math.max)];
  });

test("a slide is predicted on the page and shown with its map, which follows the sliders", {
  skip: withoutChromium(),
}, async (t) => {
  const directory = await temporaryDirectory(t);
  const images = join(directory, "images");
  await mkdir(images);
  const whole = picture(900, 700);
  await writeSlide(join(images, "a.tif"), [whole, shrunk(whole, 2), shrunk(whole, 4)], { deflate: true });
  const model = await writeModel(join(directory, "model"), { familiar: familiarNoise() });
  const server = await startServer({ port: 0, images, models: [model] });
  t.after(() => server.close());
  const { browser, close } = await startBrowser();
  t.after(close);
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(`${server.url}/#/slides`, { waitUntil: "networkidle0" });
  await page.type("#mpp", "1e");
  await page.click("button.primary");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "mpp", "what is no number is asked for again");
  assert.deepEqual(((await (await fetch(`${server.url}/slides`)).json()) as { jobs: object[] }).jobs, []);
  await page.$eval("#mpp", (input) => {
    (input as unknown as { value: string }).value = "";
  });
  await page.type("#mpp", "0.5");
  await page.click("button.primary");
  await page.waitForSelector("[data-ready=true]", { timeout: 60_000 });
  await page.waitForNetworkIdle();
  const notice = await page.$eval(".notice.warning", ({ textContent }) => textContent);
  assert.match(notice ?? "", /^Note: 40 of 40 sampled tiles look unlike the tiles that the model was trained on /);
  const painted = () =>
    page.$eval(".slide-map", (element) => {
      const canvas = element as unknown as { width: number; height: number; getContext(kind: string): never };
      const context = canvas.getContext("2d") as { getImageData(...box: number[]): { data: Uint8ClampedArray } };
      return context.getImageData(0, 0, canvas.width, canvas.height).data.filter((value, i) => i % 4 === 3 && value > 0)
        .length;
    });
  const set = (id: string, value: string) =>
    page.$eval(
      id,
      (element, to) => {
        (element as unknown as { value: string }).value = to;
        element.dispatchEvent(new Event("input"));
      },
      value,
    );
  const all = await painted();
  assert.ok(all > 10_000);
  const [seen, map] = await page.$$eval(".slide-view canvas", drawnBoxes);
  assert.ok(
    seen && map?.every((side, i) => (i < 2 ? side >= (seen[i] as number) - 1 : side <= (seen[i] as number) + 1)),
    `the map (${map}) keeps within the slide (${seen}), beyond which its last tiles reach`,
  );
  const { jobs } = (await (await fetch(`${server.url}/slides`)).json()) as { jobs: [{ map: string }] };
  const { probability } = (await (await fetch(server.url + jobs[0].map)).json()) as { probability: number[] };
  const middle = probability.sort((a, b) => a - b)[Math.floor(probability.length / 2)] as number;
  await set("#slide-threshold", middle.toFixed(2));
  const some = await painted();
  assert.ok(some > 0 && some < all);
  await set("#slide-opacity", "0");
  assert.equal(await painted(), 0);
  await page.evaluate(axeSource);
  const violations = await page.evaluate("axe.run().then(({ violations }) => violations.map(({ id }) => id))");
  assert.deepEqual(violations, []);

  // Another slide, which takes long; meanwhile the first is looked at again.
  await page.setRequestInterception(true);
  let answer: "running" | "none" | "unknown" = "running";
  const mapFailures: number[] = [];
  page.on("request", (request) => {
    const status = request.url().endsWith("/map") ? mapFailures.shift() : undefined;
    if (status !== undefined) return void request.respond({ status, body: '{"detail": "Not now."}' });
    const asked = request.method() === "POST";
    if (!asked && !request.url().endsWith("/slides/busy")) return void request.continue();
    if (answer === "none") return void request.abort("connectionrefused");
    if (answer === "unknown")
      return void request.respond({ status: 404, body: '{"detail": "There is no such slide."}' });
    const state = { id: "busy", slide: "b.tif", model: "mlp", status: "running", done: 1, total: 9 };
    return void request.respond({ status: 200, contentType: "application/json", body: JSON.stringify(state) });
  });
  await page.click("button.primary");
  await page.waitForSelector("progress:not([hidden])");
  const before = await page.$(".slide-view");
  await before?.evaluate((view) => view.setAttribute("data-before", ""));
  await page.click("[aria-labelledby=earlier-slides] button");
  await page.waitForSelector(".slide-view[data-ready=true]:not([data-before])");
  const isFreed = (element: Element) =>
    (globalThis as unknown as { OpenSeadragon: { getViewer(of: Element): unknown } }).OpenSeadragon.getViewer(
      element,
    ) === undefined;
  assert.ok(await before?.evaluate(isFreed), "the viewer before is freed, with its tiles");
  const isBusy = () =>
    [...document.querySelectorAll("main progress, main button.primary + button")].every((one) => one.checkVisibility());
  assert.ok(await page.evaluate(isBusy), "the slide that is waited for can still be cancelled");
  assert.deepEqual(complaints, []);

  const told = (words: string) =>
    page.waitForFunction((text) => document.querySelector("main")?.innerText.includes(text), {}, words);
  answer = "none";
  await told("The server cannot be reached.");
  assert.ok(await page.evaluate(isBusy), "the slide is waited for while the server cannot be reached");
  answer = "running";
  await told("1 of 9 tiles");
  answer = "unknown";
  await told("There is no such slide.");
  await page.waitForSelector("main button.primary:not([disabled])");

  // A map that the server cannot give at first is asked for again: by the page if the server is busy, else by a click.
  const opened = ".slide-view[data-ready=true]:not([data-before])";
  const openEarlier = async () => {
    await page.$eval(".slide-view", (view) => view.setAttribute("data-before", ""));
    await page.click("[aria-labelledby=earlier-slides] button");
  };
  mapFailures.push(503, 503);
  await openEarlier();
  await told("this page goes on asking for it.");
  await page.waitForSelector(opened);
  assert.equal(await page.$('[aria-label="Predict a slide"] .notice'), null);
  mapFailures.push(500);
  await openEarlier();
  await told("Not now.");
  await openEarlier();
  await page.waitForSelector(opened);
  assert.equal(await page.$('[aria-label="Predict a slide"] .notice'), null);
});
