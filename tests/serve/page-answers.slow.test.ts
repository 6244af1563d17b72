/** What the page shows belongs to what is chosen, for every image that the server has or takes. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser, ElementHandle, HTTPRequest, Page } from "puppeteer-core";
import sharp from "sharp";
import { type RunningServer, startServer } from "../../serve/server/index";
import { startBrowser, withoutChromium } from "../support/browser";
import { tile, writeModel, writeTiles } from "../support/served-model";
import { sharedDirectory } from "../support/temporary-directory";

describe("answers and images on the page", { skip: withoutChromium() }, () => {
  let directory: string;
  let server: RunningServer;
  let browser: Browser;
  let closeBrowser: () => Promise<void>;

  before(async () => {
    directory = sharedDirectory();
    const models = [
      await writeModel(join(directory, "mlp")),
      await writeModel(join(directory, "wide"), { name: "wide", seed: 2 }),
    ];
    server = await startServer({ models, images: await writeTiles(join(directory, "tiles"), 6), port: 0 });
    ({ browser, close: closeBrowser } = await startBrowser());
  });
  after(async () => {
    await closeBrowser?.();
    await server?.close();
  });

  async function open(view = "/", url = server.url, width = 1280, height = 860): Promise<Page> {
    const page = await browser.newPage();
    await page.setViewport({ width, height });
    await page.goto(`${url}/#${view}`, { waitUntil: "networkidle0" });
    await page.waitForSelector("main h1");
    return page;
  }
  const choose = async (page: Page, name: string) => {
    await page.click(`[data-name="${name}"]`);
    await page.waitForFunction((wanted) => document.querySelector("figcaption")?.textContent === wanted, {}, name);
  };
  const answered = async (page: Page) => {
    await page.waitForSelector(".verdict");
  };
  const look = (page: Page) => page.click("#explain");
  /** How many heat maps, with the tile beside them, are to be seen. */
  const pictures = (page: Page) =>
    page.$$eval(".pictures canvas", (all) => all.filter((canvas) => canvas.clientWidth > 0).length);

  test("a heat map that comes after another tile was chosen is not shown for that one", async () => {
    const page = await open();
    await choose(page, "MHIST_aaa.png");
    await answered(page);
    await page.setRequestInterception(true);
    let held: HTTPRequest | undefined;
    page.on("request", (request) => {
      if (held || !request.url().includes("/explain")) return void request.continue();
      held = request;
    });
    await look(page);
    await page.waitForSelector("#explain[aria-disabled]");
    await choose(page, "MHIST_aab.png");
    const explained = page.waitForResponse((response) => response.url().includes("/explain"));
    await held?.continue();
    await (await explained).text();
    await answered(page);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 200)));
    assert.equal(await pictures(page), 0);
    await look(page);
    await page.waitForSelector(".pictures canvas");
    assert.equal(await pictures(page), 2);
    await page.close();
  });

  test("another model answers at once, and the heat map of the one before is gone", async () => {
    const page = await open();
    await choose(page, "MHIST_aaa.png");
    await answered(page);
    await look(page);
    await page.waitForSelector(".pictures canvas");
    await page.select("#model", "wide");
    await page.waitForSelector('.answers [data-model="wide"] .verdict');
    assert.equal(await pictures(page), 0);
    await page.close();
  });

  test("a large image is answered tile by tile at the press of a button beside the warning", async () => {
    const path = join(directory, "large.png");
    await writeFile(path, await tile(5, 96));
    const page = await open();
    await ((await page.$('input[type="file"]')) as ElementHandle<HTMLInputElement>).uploadFile(path);
    await answered(page);
    await page.waitForSelector(".answers .notice.warning button");
    await page.click(".answers .notice.warning button");
    await page.waitForFunction(() => /\d of 9 tiles/.test(document.querySelector(".answers")?.textContent ?? ""));
    assert.equal(await page.$(".answers .notice.warning button"), null);
    await page.close();
  });

  test("asking again is offered where it can help: not for a file that is no image, but when the server was gone", async () => {
    const path = join(directory, "no-image.png");
    await writeFile(path, "text");
    const page = await open();
    const isOffered = async () => {
      await page.waitForSelector(".answers .verdict, .answers .notice.error");
      const states = await page.$$eval("button", (all) =>
        all.filter(({ textContent }) => textContent === "Analyse again").map(({ hidden }) => !hidden),
      );
      assert.equal(states.length, 1);
      return states[0];
    };
    await choose(page, "MHIST_aaa.png");
    assert.equal(await isOffered(), true);
    await ((await page.$('input[type="file"]')) as ElementHandle<HTMLInputElement>).uploadFile(path);
    await page.waitForSelector(".answers .notice.error");
    assert.equal(await isOffered(), false);
    await page.setOfflineMode(true);
    await page.click('[data-name="MHIST_aab.png"]');
    await page.waitForFunction(() => /offline|reached/.test(document.querySelector(".answers")?.textContent ?? ""));
    assert.equal(await isOffered(), true);
    await page.close();
  });

  test("files that together are more than a request may have are sent in groups; one that is too large is told so", async () => {
    const page = await open("/batch");
    const noise = (edge: number) =>
      sharp({
        create: { width: edge, height: edge, channels: 3, background: "#b8a", noise: { type: "gaussian", sigma: 40 } },
      })
        .tiff({ compression: "none" })
        .toBuffer();
    const paths = Array.from({ length: 17 }, (_, i) => join(directory, `upload-${i}.tif`));
    const [ordinary, large] = [await noise(900), await noise(1900)];
    assert.ok(16 * ordinary.length > 32 * 2 ** 20 && large.length > 10 * 2 ** 20);
    for (const [i, path] of paths.entries()) await writeFile(path, i === 3 ? large : ordinary);
    await ((await page.$("#batch-files")) as ElementHandle<HTMLInputElement>).uploadFile(...paths);
    await page.waitForSelector("main button.primary:not([disabled])", { timeout: 60_000 });
    const problems = await page.$$eval("td.problem", (cells) => cells.map(({ textContent }) => textContent));
    assert.deepEqual(problems, ["The file has 10.3 MiB; at most 10.0 MiB are accepted."]);
    assert.equal((await page.$$("tbody tr")).length, 17);
    await page.close();
  });

  test("the page knows every image of a source with more than one page of them", async () => {
    const images = join(directory, "many");
    await mkdir(images);
    const rows = Array.from({ length: 5102 }, (_, i) => `patch-${i}.png,${i < 5000 ? "HP" : "SSA"},train`);
    await writeFile(join(images, "labels.csv"), `${["image,label,partition", ...rows].join("\n")}\n`);
    const many = await startServer({ models: [join(directory, "mlp")], images, port: 0 });
    const page = await open("/", many.url);
    assert.match(
      await page.$eval(".card [role=status]", ({ textContent }) => textContent ?? ""),
      /^5102 of 5102 images/,
    );
    await page.goto(`${many.url}/#/batch`);
    await page.waitForFunction(() => document.body.textContent?.includes("All train images (5102)"));
    await page.close();
    await many.close();
  });

  test("a TIFF of the gallery is shown; for one that the browser cannot show, the page says so", async () => {
    const images = join(directory, "tiffs");
    await mkdir(images);
    const tiff = await sharp(await tile(3))
      .tiff()
      .toBuffer();
    await writeFile(join(images, "slide.tif"), tiff);
    const tiffs = await startServer({ models: [join(directory, "mlp")], images, port: 0 });
    const page = await open("/", tiffs.url);
    await choose(page, "slide.tif");
    const width = () => page.$eval(".frame img", (image) => (image.hidden ? 0 : image.naturalWidth));
    await page.waitForFunction(() => document.querySelector<HTMLImageElement>(".frame img")?.naturalWidth === 32);
    await answered(page);

    await page.click('label[for="source-file"]');
    const upload = join(directory, "own.tiff");
    await writeFile(upload, tiff);
    await ((await page.$("#file")) as ElementHandle<HTMLInputElement>).uploadFile(upload);
    await page.waitForFunction(() => document.querySelector(".frame p:not([hidden])")?.textContent?.includes("TIFF"));
    assert.equal(await width(), 0);
    await answered(page);
    await look(page);
    await page.waitForSelector(".pictures canvas");
    await page.close();
    await tiffs.close();
  });

  test("behind a proxy that serves it below a path, the page asks below that path too", async (t) => {
    const proxy = createServer((incoming, outgoing) => {
      if (!incoming.url?.startsWith("/histo/")) return void outgoing.writeHead(404).end();
      const path = incoming.url.slice("/histo".length);
      const { method, headers } = incoming;
      incoming.pipe(
        request(server.url + path, { method, headers }, (answer) => {
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(outgoing);
        }),
      );
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    t.after(() => {
      proxy.close();
      proxy.closeAllConnections();
    });
    const page = await open("/", `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/histo`);
    await choose(page, "MHIST_aaa.png");
    await answered(page);
    await look(page);
    await page.waitForSelector(".pictures canvas");
    await page.goto(page.url().replace("#/", "#/api"));
    await page.waitForSelector(".operation pre");
    assert.match(await page.$eval(".operation pre", ({ textContent }) => textContent ?? ""), /\/histo\/predict/);
    await page.close();
  });

  test("agreeing with a training image is told apart from agreeing with one of test", async () => {
    const page = await open();
    const words = () => page.$eval(".experts", ({ textContent }) => textContent ?? "");
    await choose(page, "MHIST_aaa.png");
    await answered(page);
    assert.match(await words(), /The experts.*training part/);
    await choose(page, "MHIST_aac.png");
    await answered(page);
    assert.match(await words(), /The experts/);
    assert.doesNotMatch(await words(), /training/);
    await page.close();
  });

  test("an image whose label nobody voted on has a label, and no experts", async () => {
    const images = join(directory, "labelled");
    await mkdir(images);
    await writeFile(join(images, "a.png"), await tile(1));
    await writeFile(join(images, "labels.csv"), "image,label,partition\na.png,SSA,train\nb.png,HP,train\n");
    const labelled = await startServer({ models: [join(directory, "mlp")], images, port: 0 });
    const page = await open("/", labelled.url);
    await choose(page, "a.png");
    await answered(page);
    const words = await page.$eval(".experts", ({ textContent }) => textContent ?? "");
    assert.match(words, /^The labelThe label table says SSA/);
    await page.close();
    await labelled.close();
  });

  test("a printed page has the figures that nobody scrolled to", async () => {
    const page = await open("/data", server.url, 390, 500);
    await page.waitForSelector(".main-svg");
    const figures = () => page.$$eval(".chart", (boxes) => boxes.map((box) => box.querySelector(".main-svg") !== null));
    assert.ok((await figures()).includes(false), "one lies below the window");
    await page.pdf();
    assert.deepEqual(await figures(), [true, true, true]);
    await page.close();
  });
});
