/** The page's history holds what was answered, for models that are here no more too; and the page lets go of images. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { source as axeSource } from "axe-core";
import type { HTTPRequest, Page } from "puppeteer-core";
import { startServer } from "../../serve/server/index";
import { freePort } from "../../src/tracking/index";
import { startBrowser, withoutChromium } from "../support/browser";
import { tile, writeModel, writeTiles } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";

const skip = { skip: withoutChromium() };
const HISTORY = "[aria-labelledby=history-title]";

async function newPage(context: TestContext): Promise<Page> {
  const { browser, close } = await startBrowser();
  context.after(close);
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 860 });
  return page;
}

const open = async (page: Page, url: string, view = "/") => {
  await page.goto(`${url}/#${view}`, { waitUntil: "networkidle0" });
  await page.waitForSelector("main h1:not(.visually-hidden)");
};
const reload = async (page: Page) => {
  await page.reload({ waitUntil: "networkidle0" });
  await page.waitForSelector("main h1:not(.visually-hidden)");
};
const textOf = (page: Page, selector: string) => page.$eval(selector, (element) => element.textContent ?? "");
const press = (page: Page, selector: string, name: string) =>
  page.$$eval(
    `${selector} button`,
    (buttons, wanted) => buttons.find(({ textContent }) => textContent === wanted)?.click(),
    name,
  );
const choose = async (page: Page, name: string) => {
  await page.click(`[data-name="${name}"]`);
  await page.waitForFunction(
    (wanted) => document.querySelector("figcaption")?.textContent?.startsWith(wanted),
    {},
    name,
  );
  await page.waitForSelector(".answers .verdict");
};
const violations = async (page: Page) => {
  const session = await page.createCDPSession();
  await session.send("Runtime.evaluate", { expression: axeSource });
  return page.evaluate("axe.run().then(({ violations }) => violations.map(({ id }) => id))");
};

test(
  "an answer is told as it was when its model is gone or was replaced, and the history is cleared only when asked",
  skip,
  async (context) => {
    const directory = await temporaryDirectory(context);
    const [mlp, wide] = [
      await writeModel(join(directory, "mlp")),
      await writeModel(join(directory, "wide"), { name: "wide", seed: 2 }),
    ];
    const feedback = join(directory, "feedback.jsonl");
    const port = await freePort();
    const before = await startServer({ models: [mlp, wide], port, feedback });
    const page = await newPage(context);
    await open(page, before.url);
    await page.select("#model", "wide");
    await choose(page, "drawn-1.webp");
    await page.select("#model", "mlp");
    await page.waitForSelector('[data-model="mlp"] .verdict');
    const said = await textOf(page, ".verdict-class");
    await page.waitForFunction((rows) => document.querySelectorAll(`${rows} tbody tr`).length === 2, {}, HISTORY);

    await writeModel(mlp, { seed: 9 });
    await before.reload();
    await choose(page, "drawn-2.webp");
    assert.match(await textOf(page, ".answers"), /another version of the model than this page describes/);
    assert.equal(
      await page.$("[aria-labelledby=wrong-0]"),
      null,
      "no label is asked for an answer of a replaced model",
    );
    await before.close();

    const after = await startServer({ models: [mlp], port, feedback });
    context.after(() => after.close());
    await reload(page);
    const rows = () => page.$$(`${HISTORY} tbody button`);
    const recalled = async (row: number) => {
      await (await rows())[row]?.click();
      await page.waitForSelector(".answers > *");
      await page.waitForFunction(() => document.querySelector<HTMLImageElement>(".frame img")?.naturalWidth);
      return textOf(page, ".answers");
    };
    assert.equal((await rows()).length, 3);
    const told =
      /^wide answered (HP|SSA), with a probability of \d+\.\d %\. That version of the model is not loaded here/;
    assert.match(await recalled(2), told);
    assert.deepEqual(await violations(page), []);
    assert.match(await recalled(1), new RegExp(`^mlp answered ${said}, .*not loaded here`));
    assert.match(await textOf(page, "figcaption"), /drawn by a program/, "what the picture is, is kept with it");
    assert.match(await recalled(0), /Right or wrong\?/, "the version that is loaded now is the one that answered");

    let agrees = false;
    const asked: string[] = [];
    page.on("dialog", (dialog) => {
      asked.push(dialog.message());
      return agrees ? dialog.accept() : dialog.dismiss();
    });
    await press(page, HISTORY, "Clear");
    assert.deepEqual(asked, ["Delete 3 answers from this browser, with images?"]);
    assert.equal((await rows()).length, 3);
    agrees = true;
    await press(page, HISTORY, "Clear");
    await page.waitForSelector(HISTORY, { hidden: true });
    await reload(page);
    assert.equal((await rows()).length, 0);
  },
);

test(
  "a picture that comes after its answer is waited for: the history and the heat map never show the one before",
  skip,
  async (context) => {
    const directory = await temporaryDirectory(context);
    const images = await writeTiles(join(directory, "tiles"), 6);
    const server = await startServer({ models: [await writeModel(join(directory, "mlp"))], images, port: 0 });
    context.after(() => server.close());
    const page = await newPage(context);
    await open(page, server.url);
    const thumbnails = () =>
      page.$$eval(`${HISTORY} tbody tr`, (all) => all.map((row) => row.querySelector("img")?.src));
    const shownTile = async () => {
      await page.click("#explain");
      await page.waitForSelector(".pictures canvas");
      return page.$eval(".pictures canvas", (canvas) => (canvas as HTMLCanvasElement).toDataURL());
    };
    await choose(page, "MHIST_aaa.png");
    await page.waitForFunction((table) => document.querySelector(`${table} tbody img`), {}, HISTORY);
    const [first] = await thumbnails();
    const firstTile = await shownTile();

    await page.setRequestInterception(true);
    let held: HTTPRequest | undefined;
    page.on("request", (request) => {
      if (!held && request.url().endsWith("/images/MHIST_aab.png")) held = request;
      else void request.continue();
    });
    await choose(page, "MHIST_aab.png");
    const without = await shownTile();
    assert.notEqual(without, firstTile);
    assert.deepEqual(await thumbnails(), [first], "the answer waits for its picture");
    await held?.continue();
    await page.waitForFunction((table) => document.querySelectorAll(`${table} tbody img`).length === 2, {}, HISTORY);
    const [second] = await thumbnails();
    assert.notEqual(second, first);
    const drawn = await page.$eval(".pictures canvas", (canvas) => (canvas as HTMLCanvasElement).toDataURL());
    assert.ok(drawn !== without && drawn !== firstTile, "the heat map lies over its own tile now");
  },
);

test("the last example that was clicked is the one that is answered", skip, async (context) => {
  const directory = await temporaryDirectory(context);
  const server = await startServer({ models: [await writeModel(join(directory, "mlp"))], port: 0 });
  context.after(() => server.close());
  const page = await newPage(context);
  await open(page, server.url);
  await page.setRequestInterception(true);
  let held: HTTPRequest | undefined;
  page.on("request", (request) => {
    if (!held && request.resourceType() === "fetch" && request.url().endsWith("drawn-3.webp")) held = request;
    else void request.continue();
  });
  await page.click('[data-name="drawn-3.webp"]');
  await choose(page, "drawn-4.webp");
  const late = page.waitForResponse((response) => response.url().endsWith("drawn-3.webp"));
  await held?.continue();
  await (await late).buffer();
  await page.waitForNetworkIdle();
  assert.match(await textOf(page, "figcaption"), /^drawn-4/);
});

test("with a key too, images are let go of, and thumbnails are fetched once", skip, async (context) => {
  const directory = await temporaryDirectory(context);
  const images = await writeTiles(join(directory, "tiles"), 12);
  const models = [await writeModel(join(directory, "mlp"))];
  const server = await startServer({ models, images, port: 0, apiKeys: ["key"] });
  context.after(() => server.close());
  const page = await newPage(context);
  // Watches the addresses that hold images in memory.
  await page.evaluateOnNewDocument(() => {
    sessionStorage.setItem("histo-api-key", "key");
    const held = new Set<string>();
    const [make, free] = [URL.createObjectURL, URL.revokeObjectURL];
    Object.assign(globalThis, { held });
    URL.createObjectURL = (blob) => {
      const url = make.call(URL, blob);
      held.add(url);
      return url;
    };
    URL.revokeObjectURL = (url) => {
      held.delete(url);
      free.call(URL, url);
    };
  });
  let thumbnails = 0;
  page.on("request", (request) => {
    if (request.url().includes("thumbnail=")) thumbnails++;
  });
  const held = () => page.evaluate(() => (globalThis as unknown as { held: Set<string> }).held.size);
  await open(page, server.url);
  await page.type("#search", "mhist");
  await page.waitForNetworkIdle();
  assert.deepEqual([thumbnails, await held()], [12, 12]);
  for (const letter of "abcdef") await choose(page, `MHIST_aa${letter}.png`);
  assert.equal(await held(), 13, "beside the thumbnails only the image that is shown");

  await open(page, server.url, "/batch");
  const batch = async (seeds: number[]) => {
    const files = await Promise.all(seeds.map(async (seed) => [`t${seed}.png`, (await tile(seed)).toString("base64")]));
    await page.evaluate((given) => {
      const data = new DataTransfer();
      for (const [name = "", text = ""] of given) {
        data.items.add(new File([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], name));
      }
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    }, files);
    await page.waitForFunction(
      (name) => document.querySelector("tbody tr")?.textContent?.includes(name),
      {},
      `t${seeds[0]}`,
    );
    await page.waitForSelector("main button.primary:not([disabled])");
  };
  const [atFirst] = [await held()];
  await batch([1, 2, 3, 4]);
  await batch([5, 6, 7]);
  assert.equal((await held()) - atFirst, 3, "only the images of the last batch");
  await press(page, "main", "All test images (4)");
  await page.waitForFunction(() => document.querySelector("tbody tr")?.textContent?.includes("MHIST"));
  const fetched = thumbnails;
  await page.focus("#threshold-batch");
  for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowRight");
  await page.waitForNetworkIdle();
  assert.equal(thumbnails, fetched, "the table is drawn again without fetching");
});
