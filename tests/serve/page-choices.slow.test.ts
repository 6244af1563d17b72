import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { source as axeSource } from "axe-core";
import type { Browser, Page } from "puppeteer-core";
import { type RunningServer, startServer } from "../../serve/server/index";
import { freePort } from "../../src/tracking/index";
import { startBrowser, withoutChromium } from "../support/browser";
import { writeModel, writeTiles } from "../support/served-model";
import { sharedDirectory } from "../support/temporary-directory";

describe("where the image comes from and where it is analysed", { skip: withoutChromium() }, () => {
  let directory: string;
  /** The page's own server, and one elsewhere that stands for a Lambda endpoint: the same model, another threshold. */
  let own: RunningServer;
  let other: RunningServer;
  let browser: Browser;
  let closeBrowser: () => Promise<void>;

  before(async () => {
    directory = sharedDirectory();
    const port = await freePort();
    const images = await writeTiles(join(directory, "tiles"), 6);
    const deployed = await writeModel(join(directory, "deployed", "mlp"), { threshold: 0.9 });
    other = await startServer({ models: [deployed], port: 0, corsOrigins: [`http://127.0.0.1:${port}`] });
    const models = [await writeModel(join(directory, "mlp"))];
    own = await startServer({ models, images, port, endpoint: other.url });
    ({ browser, close: closeBrowser } = await startBrowser());
  });
  after(async () => {
    await closeBrowser?.();
    await Promise.all([own?.close(), other?.close()]);
  });

  async function open(): Promise<Page> {
    const page = await browser.newPage();
    await page.setViewport({ width: 1280, height: 860 });
    await page.goto(`${own.url}/#/`, { waitUntil: "networkidle0" });
    await page.waitForSelector("#where");
    return page;
  }
  const focused = (page: Page) =>
    page.evaluate(() => document.activeElement?.id || (document.activeElement?.textContent ?? ""));
  const tabTo = async (page: Page, name: string) => {
    for (let i = 0; i < 60 && (await focused(page)) !== name; i++) await page.keyboard.press("Tab");
    assert.equal(await focused(page), name);
  };
  /** What is answered, and by whom, to what is done. */
  const answerTo = async (page: Page, act: () => Promise<void>) => {
    const answered = page.waitForResponse((response) => response.url().includes("/predict"));
    await act();
    const response = await answered;
    await page.waitForSelector(".verdict");
    return { origin: new URL(response.url()).origin, answer: await response.json() };
  };
  const violations = async (page: Page) => {
    await page.evaluate(axeSource);
    return page.evaluate("axe.run().then(({ violations }) => violations.map(({ id }) => id))");
  };

  test("the analysis runs at the endpoint that is chosen with the keyboard, and here again after", async () => {
    const page = await open();
    await page.click('[aria-label^="MHIST_"]');
    await page.waitForSelector(".verdict");
    await tabTo(page, "where");
    const there = await answerTo(page, () => page.keyboard.press("ArrowDown"));
    assert.equal(there.origin, new URL(other.url).origin);
    assert.equal(there.answer.threshold, 0.9);
    await page.focus("#where");
    const here = await answerTo(page, () => page.keyboard.press("ArrowUp"));
    assert.equal(here.origin, new URL(own.url).origin);
    assert.equal(here.answer.threshold, 0.4);
    assert.ok(Math.abs(here.answer.logit - there.answer.logit) < 1e-4);
    await page.close();
  });

  test("a picture is taken with the camera and analysed", async () => {
    const page = await open();
    await page.evaluate(() => {
      const label = [...document.querySelectorAll("label")].find(({ textContent }) => textContent === "Camera");
      label?.click();
    });
    await tabTo(page, "Start the camera");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => (document.querySelector("video")?.videoWidth ?? 0) > 0);
    assert.deepEqual(await violations(page), []);
    await tabTo(page, "Take the picture");
    const { answer } = await answerTo(page, () => page.keyboard.press("Enter"));
    assert.equal(answer.image_filename, "camera.png");
    assert.ok(Number.isFinite(answer.logit));
    assert.equal(await page.$eval("video", ({ hidden }) => hidden), true);
    assert.deepEqual(await violations(page), []);
    await page.close();
  });

  test("the camera is off once its panel or the page is left, however often it was started", async () => {
    const page = await browser.newPage();
    await page.setViewport({ width: 1280, height: 860 });
    // Watches the browser's own streams.
    await page.evaluateOnNewDocument(() => {
      const { mediaDevices } = navigator;
      const ask = mediaDevices.getUserMedia.bind(mediaDevices);
      const given: MediaStreamTrack[] = [];
      Object.assign(globalThis, { given, asked: 0 });
      mediaDevices.getUserMedia = async (wanted) => {
        (globalThis as unknown as { asked: number }).asked++;
        const stream = await ask(wanted);
        given.push(...stream.getTracks());
        return stream;
      };
    });
    await page.goto(`${own.url}/#/`, { waitUntil: "networkidle0" });
    /** How many streams there were, and how many are still on. */
    const streams = () =>
      page.evaluate(() => {
        const { given } = globalThis as unknown as { given: MediaStreamTrack[] };
        return [given.length, given.filter(({ readyState }) => readyState === "live").length];
      });
    const start = (times = 1) =>
      page.evaluate((clicks) => {
        const button = [...document.querySelectorAll("button")].find(
          ({ textContent }) => textContent === "Start the camera",
        );
        for (let i = 0; i < clicks; i++) button?.click();
      }, times);
    const isOn = (count: number) =>
      page.waitForFunction(
        (wanted) =>
          (globalThis as unknown as { given: unknown[] }).given.length === wanted &&
          document.querySelector("video")?.hidden === false,
        {},
        count,
      );
    await page.click('label[for="source-camera"]');
    await start(2);
    await isOn(2);
    assert.deepEqual(await streams(), [2, 1], "of two clicks one is on");
    await page.click('label[for="source-file"]');
    assert.deepEqual(await streams(), [2, 0], "another source was chosen");
    await page.click('label[for="source-camera"]');
    await start();
    await isOn(3);
    await page.click('a[href="#/batch"]');
    await page.waitForSelector("#batch-files");
    assert.deepEqual(await streams(), [3, 0], "another view was opened");
    await page.click('a[href="#/"]');
    await page.waitForSelector("video");
    await start();
    await page.click('a[href="#/batch"]');
    await page.waitForFunction(() => (globalThis as unknown as { given: unknown[] }).given.length === 4);
    await page.waitForFunction(() =>
      (globalThis as unknown as { given: MediaStreamTrack[] }).given.every(({ readyState }) => readyState === "ended"),
    );
    await page.close();
  });
});
