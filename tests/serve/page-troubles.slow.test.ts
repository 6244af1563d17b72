/** What the page does when something is wrong: folders with more than images, a server that is gone, a wrong key, other classes. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { source as axeSource } from "axe-core";
import type { Browser, HTTPRequest, Page } from "puppeteer-core";
import { type RunningServer, startServer } from "../../serve/server/index";
import { startBrowser, withoutChromium } from "../support/browser";
import { tile, writeModel, writeTiles } from "../support/served-model";

describe("a page on which something is wrong", { skip: withoutChromium() }, () => {
  let directory: string;
  let model: string;
  let server: RunningServer;
  let browser: Browser;
  let closeBrowser: () => Promise<void>;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "histo-troubles-"));
    model = await writeModel(join(directory, "mlp"));
    server = await startServer({ models: [model], images: await writeTiles(join(directory, "tiles"), 40), port: 0 });
    ({ browser, close: closeBrowser } = await startBrowser());
  });
  after(async () => {
    await closeBrowser?.();
    await server?.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function open(view: string, url = server.url): Promise<Page> {
    const page = await browser.newPage();
    await page.setViewport({ width: 1280, height: 860 });
    await page.goto(`${url}/#${view}`, { waitUntil: "networkidle0" });
    return page;
  }
  const textOf = (page: Page, selector = "main") =>
    page.$eval(selector, (element) => (element as HTMLElement).innerText.replaceAll(/\s+/g, " "));
  const press = async (page: Page, name: string) => {
    const found = await page.waitForFunction(
      (wanted) =>
        [...document.querySelectorAll<HTMLElement>("button")].find(
          ({ textContent, offsetParent }) => offsetParent && textContent?.trim().startsWith(wanted),
        ),
      {},
      name,
    );
    await found.asElement()?.focus();
    await page.keyboard.press("Enter");
  };
  const drop = async (page: Page, file: string) => {
    const session = await page.createCDPSession();
    const data = { items: [], files: [file], dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", "drop"] as const) {
      await session.send("Input.dispatchDragEvent", { type, x: 300, y: 300, data });
    }
    await page.waitForFunction(() => location.hash === "#/batch");
  };
  const done = (page: Page) => page.waitForSelector("main button.primary:not([disabled])");
  const violations = async (page: Page) => {
    const session = await page.createCDPSession();
    await session.send("Runtime.evaluate", { expression: axeSource });
    return page.evaluate("axe.run().then(({ violations }) => violations.map(({ id }) => id))");
  };

  test("a dropped folder is a batch of the images in it, and what else is in it is named", async () => {
    const folder = join(directory, "mine");
    await mkdir(join(folder, "more"), { recursive: true });
    for (const [i, name] of ["a.png", "b.png", "more/a.png"].entries()) {
      await writeFile(join(folder, name), await tile(i));
    }
    await writeFile(join(folder, "notes.txt"), "text");
    await writeFile(join(folder, ".DS_Store"), "litter");
    const page = await open("/");
    await page.waitForSelector(".thumb");
    await drop(page, folder);
    await done(page);
    const names = await page.$$eval("tbody tr", (rows) => rows.map((row) => row.children[0]?.textContent));
    assert.deepEqual(names, ["a.png", "b.png", "more/a.png"]);
    assert.match(await textOf(page), /Left out, as no images by their names: notes\.txt\./);
    assert.deepEqual(await violations(page), []);
    await page.close();
  });

  test("a folder that cannot be read is named", async () => {
    const folder = join(directory, "leaving");
    await mkdir(join(folder, "gone"), { recursive: true });
    await writeFile(join(folder, "a.png"), await tile(1));
    const page = await open("/");
    await page.waitForSelector(".thumb");
    await page.exposeFunction("leave", () => rm(join(folder, "gone"), { recursive: true }));
    await page.evaluate(() => {
      const { webkitGetAsEntry } = DataTransferItem.prototype;
      DataTransferItem.prototype.webkitGetAsEntry = function () {
        const entry = webkitGetAsEntry.call(this) as FileSystemDirectoryEntry;
        const readers = Object.getPrototypeOf(entry.createReader());
        const { readEntries } = readers;
        let reads = 0;
        readers.readEntries = async function (...callbacks: unknown[]) {
          // The folder itself is read twice, as the second time nothing is left.
          if (++reads === 2) await (window as unknown as { leave(): Promise<void> }).leave();
          readEntries.apply(this, callbacks);
        };
        return entry;
      };
    });
    await drop(page, folder);
    await done(page);
    const names = await page.$$eval("tbody tr", (rows) => rows.map((row) => row.children[0]?.textContent));
    assert.deepEqual(names, ["a.png"]);
    assert.match(await textOf(page), /1 folder cannot be read: gone\/\./);
    await page.close();
  });

  test("a batch whose server is gone sends no more, and later only what is missing", async () => {
    const page = await open("/batch");
    await page.waitForSelector("#batch-files");
    await page.setRequestInterception(true);
    let sent = 0;
    let isGone = true;
    page.on("request", (request) => {
      const isBatch = request.url().includes("/predict/batch");
      if (isBatch) sent++;
      if (isBatch && isGone && sent > 1) void request.abort("connectionrefused");
      else void request.continue();
    });
    await press(page, "All train images");
    await done(page);
    assert.equal(sent, 2, "the third group is not tried");
    assert.match(await textOf(page), /27 images in .*11 not answered .*The server cannot be reached/);
    assert.deepEqual(await violations(page), []);
    isGone = false;
    await press(page, "Send the missing 11 images");
    await page.waitForFunction(
      () => !/not answered|cannot be reached/.test(document.querySelector("main")?.innerText ?? ""),
    );
    await done(page);
    assert.equal(sent, 3);
    assert.equal((await page.$$("tbody tr")).length, 27);
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Download CSV", "the focus is kept");
    await page.close();
  });

  test("a batch is stopped, and what was answered can be kept", async () => {
    const page = await open("/batch");
    await page.waitForSelector("#batch-files");
    await page.setRequestInterception(true);
    let sent = 0;
    page.on("request", (request) => {
      if (!request.url().includes("/predict/batch") || ++sent === 1) void request.continue();
      else void request.respond({ status: 503, headers: { "retry-after": "1" }, body: "{}" });
    });
    await press(page, "All train images");
    await page.waitForSelector("tbody tr");
    await press(page, "Stop");
    await done(page);
    assert.match(await textOf(page), /27 images in .*11 not answered .*You stopped the batch/);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 2500)));
    assert.equal(sent, 2, "what the busy server refused is not sent again");
    await page.close();
  });

  test("while another model answers, the answers of the one before are neither shown nor searched", async () => {
    const two = await startServer({
      models: [model, await writeModel(join(directory, "wide"), { name: "wide", seed: 2 })],
      images: join(directory, "tiles"),
      port: 0,
    });
    try {
      const page = await open("/batch", two.url);
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(String(error)));
      await page.waitForSelector("#batch-files");
      await press(page, "All train images");
      await done(page);
      assert.match(await textOf(page), /On 27 labelled images/);
      await page.setRequestInterception(true);
      const held: HTTPRequest[] = [];
      page.on("request", (request) => void held.push(request));
      await page.select("#batch-model", "wide");
      await page.type("#batch-search", "a");
      assert.deepEqual(errors, []);
      assert.equal((await page.$$("tbody tr")).length, 0);
      assert.match(await textOf(page), /0 of 27 images/);
      assert.doesNotMatch(await textOf(page), /labelled images/);
      for (const request of held) await request.continue();
      page.on("request", (request) => void request.continue());
      await done(page);
      assert.match(await textOf(page), /On 27 labelled images/);
      await page.close();
    } finally {
      await two.close();
    }
  });

  test("an address of no view shows the first one, and the bar says so", async () => {
    const page = await open("/nowhere");
    await page.waitForSelector(".thumb");
    assert.equal(await textOf(page, "#nav [aria-current=page]"), "Analyse");
    await page.close();
  });

  test("a view that cannot be loaded says so and is tried again", async () => {
    const page = await open("/");
    await page.waitForSelector(".thumb");
    await page.setOfflineMode(true);
    await page.evaluate(() => {
      location.hash = "#/models";
    });
    await page.waitForSelector("main [role=alert]");
    assert.match(await textOf(page), /^Models .*could not be loaded.*Try again$/);
    assert.deepEqual(await violations(page), []);
    await page.setOfflineMode(false);
    await press(page, "Try again");
    await page.waitForSelector('[aria-label="Model mlp"]');
    await page.close();
  });

  test("a wrong key is refused in words; without a key the view offers to try again", async () => {
    const guarded = await startServer({ models: [model], port: 0, apiKeys: ["right"] });
    try {
      const page = await open("/", guarded.url);
      await page.waitForSelector("#key-dialog[open]");
      assert.doesNotMatch(await textOf(page, "#key-dialog"), /did not accept/);
      await page.keyboard.type("wrong");
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => !document.getElementById("key-problem")?.hidden);
      assert.match(await textOf(page, "#key-dialog"), /did not accept that key/);
      assert.deepEqual(await violations(page), []);
      await page.keyboard.press("Escape");
      await press(page, "Try again");
      await page.waitForSelector("#key-dialog[open]");
      await page.keyboard.type("right");
      await page.keyboard.press("Enter");
      await page.waitForSelector(".thumb");
      await page.close();
    } finally {
      await guarded.close();
    }
  });

  test("labels of other classes than the model's are shown, and judge nothing", async () => {
    const images = join(directory, "lymph");
    await mkdir(images);
    for (const i of [1, 2]) await writeFile(join(images, `${i}.png`), await tile(i));
    await writeFile(join(images, "labels.csv"), "image,label\n1.png,normal\n2.png,tumor\n");
    const other = await startServer({ models: [model], images, port: 0 });
    try {
      const page = await open("/", other.url);
      await page.waitForSelector(".thumb");
      await page.click(".thumb");
      await page.waitForSelector(".verdict");
      assert.match(await textOf(page, ".answers"), /The label table says normal, which is no class of this model\./);
      const batch = await open("/batch", other.url);
      await batch.waitForSelector("#batch-files");
      await press(batch, "All ");
      await done(batch);
      assert.doesNotMatch(await textOf(batch), /labelled image|Other than the label/);
      await batch.close();
      await page.close();
    } finally {
      await other.close();
    }
  });
});
