/** A batch and a threshold that were made on the page are there after a reload. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "puppeteer-core";
import { type RunningServer, startServer } from "../../serve/server/index";
import { startBrowser, withoutChromium } from "../support/browser";
import { tile, writeModel, writeTiles } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";

const skip = { skip: withoutChromium() };

interface Opened {
  readonly server: RunningServer;
  readonly model: string;
  readonly page: Page;
}

/** The page of batches, of a server with some tiles. */
async function open(context: TestContext, tiles: number): Promise<Opened> {
  const directory = await temporaryDirectory(context);
  const model = await writeModel(join(directory, "mlp"));
  const images = await writeTiles(join(directory, "tiles"), tiles);
  const server = await startServer({ models: [model], images, port: 0 });
  context.after(() => server.close());
  const { browser, close } = await startBrowser();
  context.after(close);
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 860 });
  await page.goto(`${server.url}/#/batch`, { waitUntil: "networkidle0" });
  await page.waitForSelector("#batch-model");
  return { server, model, page };
}

const reload = async (page: Page) => {
  await page.reload({ waitUntil: "networkidle0" });
  await page.waitForSelector("#batch-model");
};
const rowsOf = (page: Page) =>
  page.$$eval("tbody tr", (rows) =>
    rows.map(({ children }) => [...children].map((cell) => cell.textContent).join(" ")),
  );
const isDone = (page: Page) => page.waitForSelector("main button.primary:not([disabled])", { visible: true });
const press = (page: Page, name: string) =>
  page.$$eval("main button", (all, wanted) => all.find(({ innerText }) => innerText.startsWith(wanted))?.click(), name);

/** The number of rows with an answer that the browser has kept. */
const keptAnswers = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const opening = indexedDB.open("histo-batch", 1);
        opening.onsuccess = () => {
          const asked = opening.result.transaction("batch").objectStore("batch").getAll();
          asked.onsuccess = () => resolve(asked.result.filter(({ result }) => result !== undefined).length);
        };
      }),
  );

async function drop(page: Page, seeds: readonly number[]): Promise<void> {
  const files = await Promise.all(seeds.map(async (seed) => [`t${seed}.png`, (await tile(seed)).toString("base64")]));
  await page.evaluate((given) => {
    const data = new DataTransfer();
    for (const [name = "", text = ""] of given) {
      data.items.add(new File([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], name));
    }
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  }, files);
}

test(
  "the answers of a batch and the threshold survive a reload, for this version of the model",
  skip,
  async (context) => {
    const { server, model, page } = await open(context, 6);
    await drop(page, [1, 2, 3]);
    await isDone(page);
    await page.focus("#threshold-batch");
    await page.keyboard.press("End");
    const before = await rowsOf(page);
    assert.equal(before.length, 3);
    await reload(page);
    await isDone(page);
    assert.deepEqual(await rowsOf(page), before);
    assert.equal(await page.$eval("#threshold-batch", (input) => (input as HTMLInputElement).value), "1");
    assert.equal((await page.$$("tbody button")).length, 0, "there is no file to analyse");

    await writeModel(model, { seed: 9 });
    await server.reload();
    await reload(page);
    assert.equal((await rowsOf(page)).length, 0, "another version has not answered this");
    await drop(page, [1]);
    await isDone(page);
    assert.equal(await page.$eval("#threshold-batch", (input) => (input as HTMLInputElement).value), "0.4");
    page.on("dialog", (dialog) => dialog.accept());
    await press(page, "Clear");
    await reload(page);
    assert.equal((await rowsOf(page)).length, 0);
  },
);

test("a batch of the server's images goes on where the page was left", skip, async (context) => {
  const { page } = await open(context, 40);
  await page.setRequestInterception(true);
  let groups = 0;
  page.on("request", (request) => {
    if (!request.url().includes("/predict/batch") || ++groups !== 2) void request.continue();
  });
  await press(page, "All train images");
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 16);
  while ((await keptAnswers(page)) < 16) await sleep(50);
  await reload(page);
  await isDone(page);
  const all = (await rowsOf(page)).length;
  assert.ok(all > 16);
  assert.match(await page.$eval("main [role=status]", ({ textContent }) => textContent ?? ""), /not answered/);
  await press(page, "Send the missing");
  await page.waitForFunction(
    () => !document.querySelector("main [role=status]")?.textContent?.includes("not answered"),
  );
  await isDone(page);
  assert.equal((await rowsOf(page)).length, all);
  assert.equal(groups, 2 + Math.ceil((all - 16) / 16));
});

test("of two tabs, the batch that began last is kept whole, with the time that it took", skip, async (context) => {
  const { server, page } = await open(context, 40);
  await page.setRequestInterception(true);
  let groups = 0;
  let goOn = () => {};
  page.on("request", (request) => {
    if (!request.url().includes("/predict/batch") || ++groups !== 2) return void request.continue();
    goOn = () => void request.continue();
  });
  await press(page, "All train images");
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 16);
  const other = await page.browser().newPage();
  await other.goto(`${server.url}/#/batch`, { waitUntil: "networkidle0" });
  await other.waitForSelector("#batch-model");
  await other.setRequestInterception(true);
  other.on("request", (request) => {
    const isBatch = request.url().includes("/predict/batch");
    void sleep(isBatch ? 1000 : 0).then(() => request.continue());
  });
  await drop(other, [1, 2, 3]);
  await isDone(other);
  const last = await rowsOf(other);
  assert.equal(last.length, 3);
  await page.bringToFront();
  goOn();
  await isDone(page);
  await reload(page);
  await isDone(page);
  assert.deepEqual(await rowsOf(page), last);
  assert.match(await page.$eval("main [role=status]", ({ textContent }) => textContent ?? ""), /^3 images in [1-9]/);
});

test("a threshold that was set since the link was opened stays", skip, async (context) => {
  const { server, page } = await open(context, 6);
  await page.goto("about:blank");
  await page.goto(`${server.url}/#/?model=mlp&threshold=0.9`, { waitUntil: "networkidle0" });
  const verdict = async () => {
    await (await page.waitForSelector('[data-name="MHIST_aaa.png"]'))?.click();
    await page.waitForSelector(".answers .verdict");
    return page.$eval(".answers .verdict", ({ textContent }) => textContent ?? "");
  };
  assert.match(await verdict(), /your threshold of 90\.0 %/);
  await page.focus(".answers input[type=range]");
  await page.keyboard.press("End");
  await page.reload({ waitUntil: "networkidle0" });
  assert.match(await verdict(), /your threshold of 100\.0 %/);
});
