/** What the page does when something changes on the way: the model, the speed of the network, the place of the analysis. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import type { Browser, ElementHandle, Page } from "puppeteer-core";
import { type RunningServer, type ServerOptions, startServer } from "../../serve/server/index";
import { readJson, writeJson } from "../../src/files/index";
import { freePort } from "../../src/tracking/index";
import { startBrowser, withoutChromium } from "../support/browser";
import { predictedTiles } from "../support/predicted-tiles";
import { tile, writeModel, writeTiles } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";

describe("changes while the page is open", { skip: withoutChromium() }, () => {
  let browser: Browser;
  let closeBrowser: () => Promise<void>;

  before(async () => {
    ({ browser, close: closeBrowser } = await startBrowser());
  });
  after(async () => {
    await closeBrowser?.();
  });

  async function serve(
    t: TestContext,
    options: Omit<ServerOptions, "port"> & { port?: number },
  ): Promise<RunningServer> {
    const server = await startServer({ port: 0, ...options });
    t.after(() => server.close());
    return server;
  }
  async function open(t: TestContext, address: string): Promise<Page> {
    const page = await browser.newPage();
    t.after(() => page.close());
    await page.setViewport({ width: 1280, height: 860 });
    await page.goto(address, { waitUntil: "networkidle0" });
    return page;
  }
  const textOf = (page: Page, selector = "main") =>
    page.$eval(selector, (element) => (element as HTMLElement).innerText.replaceAll(/\s+/g, " "));
  const click = (page: Page, name: string) =>
    page.evaluate((wanted) => {
      const found = [...document.querySelectorAll<HTMLElement>("main button")].find(
        ({ textContent, offsetParent }) => offsetParent && textContent?.trim().startsWith(wanted),
      );
      found?.click();
    }, name);
  const done = (page: Page) => page.waitForSelector("main button.primary:not([disabled])");

  for (const [what, change] of [
    ["another version", { seed: 5 }],
    ["the same weights under another threshold", { threshold: 0.9 }],
  ] as const) {
    test(`a batch does not judge answers of ${what} by what the page knows of the model before`, async (t) => {
      const directory = await temporaryDirectory(t);
      const served = await writeModel(join(directory, "served"));
      const server = await serve(t, { models: [served], images: await writeTiles(join(directory, "tiles"), 40) });
      const page = await open(t, `${server.url}/#/batch`);
      await page.waitForSelector("#batch-files");
      await rm(served, { recursive: true });
      await cp(await writeModel(join(directory, "next"), change), served, { recursive: true });
      await server.reload();
      await click(page, "All train images");
      await done(page);
      assert.match(await textOf(page), /27 images in .*: 27 not answered .*The server has replaced this model/);
      await page.reload({ waitUntil: "networkidle0" });
      await page.waitForSelector("#batch-files");
      await click(page, "All train images");
      await done(page);
      assert.match(await textOf(page), /On 27 labelled images/);
    });
  }

  test("on a slow way to the server, files that take too long together are sent in smaller groups", async (t) => {
    const directory = await temporaryDirectory(t);
    const server = await serve(t, {
      models: [await writeModel(join(directory, "mlp"))],
      headersTimeout: 4000,
      requestTimeout: 4000,
    });
    const files = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        const path = join(directory, `${i}.png`);
        // What follows the image's end is no part of it.
        await writeFile(path, Buffer.concat([await tile(i), randomBytes(150_000)]));
        return path;
      }),
    );
    const page = await open(t, `${server.url}/#/batch`);
    const session = await page.createCDPSession();
    await session.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: 200_000,
    });
    await ((await page.$("#batch-files")) as ElementHandle<HTMLInputElement>).uploadFile(...files);
    await page.waitForSelector("main button.primary:not([disabled])", { timeout: 180_000 });
    assert.match(await textOf(page), /8 images in/);
    assert.doesNotMatch(await textOf(page), /not answered/);
  });

  test("a gateway that takes less than the server gets smaller groups", async (t) => {
    const directory = await temporaryDirectory(t);
    const server = await serve(t, {
      models: [await writeModel(join(directory, "mlp"))],
      images: await writeTiles(join(directory, "tiles"), 40),
      limits: { batchItems: 64 },
    });
    const page = await open(t, `${server.url}/#/batch`);
    await page.setRequestInterception(true);
    const sizes: number[] = [];
    page.on("request", (request) => {
      const names = JSON.parse(request.postData() ?? "{}").image_filenames as string[] | undefined;
      if (names) sizes.push(names.length);
      if ((names?.length ?? 0) > 5) void request.respond({ status: 413, body: "<h1>Request Entity Too Large</h1>" });
      else void request.continue();
    });
    await click(page, "All test images");
    await done(page);
    assert.match(await textOf(page), /13 images in .*On 13 labelled images/);
    assert.deepEqual(sizes, [13, 7, 4, 3, 6, 3, 3]);
  });

  test("the time of an answer from elsewhere is that of the analysis, not of fetching the image here", async (t) => {
    const directory = await temporaryDirectory(t);
    const port = await freePort();
    const deployed = await writeModel(join(directory, "deployed", "mlp"), { threshold: 0.9 });
    const other = await serve(t, { models: [deployed], corsOrigins: [`http://127.0.0.1:${port}`] });
    const models = [await writeModel(join(directory, "mlp"), { validation: predictedTiles(300) })];
    const own = await serve(t, {
      models,
      images: await writeTiles(join(directory, "tiles"), 3),
      port,
      endpoint: other.url,
    });
    const page = await open(t, `${own.url}/#/`);
    await page.setRequestInterception(true);
    page.on("request", (request) => {
      const isImage = request.resourceType() === "fetch" && request.url().endsWith("/images/MHIST_aaa.png");
      setTimeout(() => void request.continue(), isImage ? 3000 : 0);
    });
    await page.select("#where", other.url);
    await page.click(".thumb");
    await page.waitForSelector(".verdict");
    const [, told = "", unit] = /Answered in ([\d.]+) (ms|s)/.exec(await textOf(page, ".times")) ?? [];
    assert.ok(Number(told) * (unit === "s" ? 1000 : 1) < 2500, `${told} ${unit}`);
  });

  test("another threshold elsewhere is not told to find what the one here finds", async (t) => {
    const directory = await temporaryDirectory(t);
    const port = await freePort();
    const deployed = await writeModel(join(directory, "deployed", "mlp"), { threshold: 0.9 });
    const other = await serve(t, { models: [deployed], corsOrigins: [`http://127.0.0.1:${port}`] });
    const model = await writeModel(join(directory, "mlp"), { validation: predictedTiles(300) });
    const card = await readJson<object>(join(model, "model.json"));
    const validation = { n: 300, threshold: 0.4, recall: 0.123, specificity: 0.456 };
    await writeJson(join(model, "model.json"), { ...card, metrics: { validation } });
    const own = await serve(t, { models: [model], port, endpoint: other.url });
    const page = await open(t, `${own.url}/#/`);
    await page.click(".thumb");
    await page.waitForFunction(() => /finds 12\.3 % of/.test(document.querySelector(".answers")?.textContent ?? ""));
    await page.select("#where", other.url);
    await page.waitForFunction(() => /of 90\.0 %/.test(document.querySelector(".verdict")?.textContent ?? ""));
    await page.waitForFunction(() =>
      /this threshold finds/.test(document.querySelector(".answers")?.textContent ?? ""),
    );
    const { thresholds } = (await (await fetch(`${own.url}/models/mlp/curves`)).json()) as {
      thresholds: { thresholds: number[]; sensitivity: number[] };
    };
    const at = thresholds.thresholds.filter((value) => value >= 0.9).length - 1;
    const share = ((thresholds.sensitivity[at] as number) * 100).toFixed(1);
    assert.match(await textOf(page, ".answers"), new RegExp(`finds ${share} % of`));
  });

  test("an answer that is recalled does not tell times that are not known any more", async (t) => {
    const directory = await temporaryDirectory(t);
    const server = await serve(t, { models: [await writeModel(join(directory, "mlp"))] });
    const page = await open(t, server.url);
    await page.click(".thumb");
    await page.waitForSelector(".verdict");
    assert.match(await textOf(page, ".times summary"), /(cold|warm)$/);
    await page.click("[aria-labelledby=history-title] tbody button");
    await page.waitForFunction(() => !/(cold|warm)$/.test(document.querySelector(".times summary")?.textContent ?? ""));
    await page.click(".times summary");
    assert.doesNotMatch(await textOf(page, ".times"), /Waiting|Network/);
  });

  test("a name that is pasted into a field stays there, although its spreadsheet copied a picture too", async (t) => {
    const directory = await temporaryDirectory(t);
    const images = join(directory, "tiles");
    await mkdir(images);
    const server = await serve(t, {
      models: [await writeModel(join(directory, "mlp"))],
      images: await writeTiles(images, 3),
    });
    const page = await open(t, server.url);
    await page.waitForSelector("#search");
    const paste = (selector: string) =>
      page.$eval(
        selector,
        (field, picture) => {
          const data = new DataTransfer();
          data.setData("text/plain", "MHIST_aab");
          const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
          data.items.add(new File([bytes], "image.png", { type: "image/png" }));
          field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
        },
        picture,
      );
    const picture = (await tile(9)).toString("base64");
    await paste("#search");
    assert.equal(await textOf(page, "figcaption"), "");
    await paste("body");
    assert.equal(await textOf(page, "figcaption"), "image.png");
  });
});
