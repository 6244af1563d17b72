/** The first view of the page: whatever the browser keeps, wherever the address points, and while the models are still loading. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "puppeteer-core";
import { DEFAULT_ENGINE_OPTIONS, ModelRegistry, openWeb, Service } from "../../serve/core/index";
import { createApp, PooledModel, type RunningServer, startServer } from "../../serve/server/index";
import { startBrowser, withoutChromium } from "../support/browser";
import { writeModel, writeTiles } from "../support/served-model";
import { sharedDirectory } from "../support/temporary-directory";

describe("the first view of the page", { skip: withoutChromium() }, () => {
  let directory: string;
  let model: string;
  let server: RunningServer;
  let browser: Browser;
  let closeBrowser: () => Promise<void>;

  before(async () => {
    directory = sharedDirectory();
    model = await writeModel(join(directory, "mlp"));
    server = await startServer({ models: [model], images: await writeTiles(join(directory, "tiles"), 4), port: 0 });
    ({ browser, close: closeBrowser } = await startBrowser());
  });
  after(async () => {
    await closeBrowser?.();
    await server?.close();
  });

  async function open(address: string, by = browser): Promise<{ page: Page; errors: string[] }> {
    const page = await by.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    await page.goto(address);
    return { page, errors };
  }
  const textOf = (page: Page, selector = "main") =>
    page.$eval(selector, (element) => (element as HTMLElement).innerText.replaceAll(/\s+/g, " "));

  test("a browser that keeps nothing of the page shows it, with the threshold that is set and a key", async () => {
    const guarded = await startServer({ models: [model], port: 0, apiKeys: ["right"] });
    const forgetful = await startBrowser({ keepsNothing: true });
    try {
      const { page, errors } = await open(`${guarded.url}/#/`, forgetful.browser);
      const isForbidden = await page.evaluate(() => {
        try {
          return localStorage === undefined;
        } catch {
          return true;
        }
      });
      assert.ok(isForbidden, "the browser forbids it");
      await page.waitForSelector("#key-dialog[open]");
      await page.keyboard.type("right");
      await page.keyboard.press("Enter");
      await page.waitForSelector(".thumb");
      await page.click(".thumb");
      await page.waitForSelector(".verdict");
      await page.focus("#threshold-0");
      await page.keyboard.press("End");
      assert.match(await textOf(page, ".verdict"), /below your threshold of 100\.0 %/);
      await page.click("#theme");
      assert.equal(await page.$eval("html", ({ dataset }) => dataset.theme), "light");
      assert.match(await textOf(page, "[aria-labelledby=history-title]"), /drawn-1\.webp/);
      assert.deepEqual(errors, []);
      await page.close();
    } finally {
      await forgetful.close();
      await guarded.close();
    }
  });

  test("who skips to the content stays on the view, after a reload too", async () => {
    const { page } = await open(`${server.url}/#/batch`);
    await page.waitForSelector("#batch-files");
    await page.focus(".skip");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "main");
    await page.reload();
    await page.waitForSelector("#batch-files");
    await page.goto("about:blank");
    await page.goto(`${server.url}/#main`);
    await page.waitForSelector(".thumb");
    await page.close();
  });

  test("a page that is opened while the models are loading waits for them and says so", async () => {
    const models = new ModelRegistry();
    const service = new Service({ models, web: await openWeb() });
    const starting = createServer(createApp(service)).listen(0, "127.0.0.1");
    await once(starting, "listening");
    const { page, errors } = await open(`http://127.0.0.1:${(starting.address() as AddressInfo).port}/`);
    await page.waitForFunction(() => document.querySelector("main")?.innerText.includes("is loading its models"));
    const engine = { ...DEFAULT_ENGINE_OPTIONS };
    const loaded = await PooledModel.start({ name: "mlp", directory: model, engine });
    models.set(loaded);
    service.serve();
    await page.waitForSelector(".thumb");
    await page.click(".thumb");
    await page.waitForSelector(".verdict");
    assert.deepEqual(errors, []);
    await page.close();
    starting.closeAllConnections();
    starting.close();
    await loaded.close();
  });

  test("a key that no request can carry is not taken", async () => {
    const guarded = await startServer({ models: [model], port: 0, apiKeys: ["right"] });
    try {
      const { page, errors } = await open(guarded.url);
      await page.waitForSelector("#key-dialog[open]");
      await page.type("#key", "\u201cright\u201d");
      await page.keyboard.press("Enter");
      assert.ok(await page.$("#key-dialog[open]"), "the dialog stays");
      await page.$eval("#key", (input) => (input as HTMLInputElement).select());
      await page.type("#key", " right ");
      await page.keyboard.press("Enter");
      await page.waitForSelector(".thumb");
      assert.deepEqual(errors, []);
      await page.close();
    } finally {
      await guarded.close();
    }
  });

  test("a link to a model that is not loaded says which one answers instead", async () => {
    const { page } = await open(`${server.url}/#/?model=gone&threshold=0.9`);
    await page.waitForSelector(".answers .notice");
    assert.equal(
      await textOf(page, ".answers"),
      "The model of this link, gone, is not loaded here: mlp answers instead.",
    );
    await page.click(".thumb");
    await page.waitForSelector(".verdict");
    assert.match(await textOf(page, ".verdict"), /the threshold of 40\.0 %/);
    await page.close();
  });
});
