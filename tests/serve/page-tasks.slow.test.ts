/** What people come to the page for: their own tiles, earlier answers, two models, an explanation to keep. */
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser, ElementHandle, HTTPRequest, Page } from "puppeteer-core";
import sharp from "sharp";
import { type RunningServer, startServer } from "../../serve/server/index";
import { startBrowser, withoutChromium } from "../support/browser";
import { predictedTiles } from "../support/predicted-tiles";
import { tile, writeModel } from "../support/served-model";
import { sharedDirectory } from "../support/temporary-directory";

/** Whether a table is seen whole without moving it sideways, and the first label that is told below an answer. */
const fitsInWidth = (scroll: Element) => [
  scroll.scrollWidth <= scroll.clientWidth,
  [...scroll.querySelectorAll<HTMLElement>("td p")].find(({ offsetParent }) => offsetParent)?.innerText,
];

describe("tasks on a page without images of its own", { skip: withoutChromium() }, () => {
  let directory: string;
  let server: RunningServer;
  let browser: Browser;
  let closeBrowser: () => Promise<void>;

  before(async () => {
    directory = sharedDirectory();
    const models = [
      await writeModel(join(directory, "mlp"), { validation: predictedTiles(300) }),
      await writeModel(join(directory, "wide"), { name: "wide", seed: 2 }),
    ];
    server = await startServer({ models, port: 0 });
    ({ browser, close: closeBrowser } = await startBrowser());
  });
  after(async () => {
    await closeBrowser?.();
    await server?.close();
  });

  async function open(view = "/"): Promise<Page> {
    const page = await browser.newPage();
    await page.setViewport({ width: 1280, height: 860 });
    await page.goto(`${server.url}/#${view}`, { waitUntil: "networkidle0" });
    await page.waitForSelector("main h1");
    return page;
  }
  const textOf = (page: Page, selector: string) => page.$eval(selector, (element) => element.textContent ?? "");
  /** Hands the page files, as dropping or pasting does. */
  const hand = (page: Page, kind: "drop" | "paste", files: readonly { name: string; bytes: Buffer }[]) =>
    page.evaluate(
      (how, given) => {
        const data = new DataTransfer();
        for (const { name, text } of given) {
          const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
          data.items.add(new File([bytes], name, { type: "image/png" }));
        }
        document.body.dispatchEvent(
          how === "drop"
            ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
            : new ClipboardEvent("paste", { clipboardData: data, bubbles: true }),
        );
      },
      kind,
      files.map(({ name, bytes }) => ({ name, text: bytes.toString("base64") })),
    );

  test("a drawn example is offered, said to be drawn, and answered at once", async () => {
    const page = await open();
    await page.click(".thumb");
    await page.waitForSelector(".verdict");
    assert.match(await textOf(page, "figcaption"), /drawn by a program/);
    await page.close();
  });

  test("a pasted tile is answered at once; its answer is there after a reload, and can be looked at again", async () => {
    const page = await open();
    await hand(page, "paste", [{ name: "mine.png", bytes: await tile(5) }]);
    await page.waitForSelector(".verdict");
    const before = await textOf(page, ".verdict");
    await page.setViewport({ width: 390, height: 844 });
    assert.ok(await page.$eval(".scroll", (table) => table.scrollWidth <= table.clientWidth), "the history on a phone");
    await page.setViewport({ width: 1280, height: 860 });
    await page.reload({ waitUntil: "networkidle0" });
    await page.waitForSelector("[aria-labelledby=history-title]:not([hidden]) tbody button");
    await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>("[aria-labelledby=history-title] tbody button")]
        .find(({ textContent }) => textContent === "mine.png")
        ?.click(),
    );
    await page.waitForSelector(".verdict");
    assert.equal(await textOf(page, ".verdict"), before);
    assert.equal(await page.$eval(".frame img", (image) => (image as HTMLImageElement).naturalWidth), 32);
    await page.close();
  });

  /** The rows of the history for images of a name, and whether each has a picture. */
  const kept = (page: Page, name: string) =>
    page.$$eval(
      "[aria-labelledby=history-title] tbody button",
      (buttons, wanted) =>
        buttons.filter((one) => one.textContent === wanted).map((one) => one.querySelector("img") !== null),
      name,
    );

  test("pasted tiles, which all have the same name, are all in the history", async () => {
    const page = await open();
    for (const seed of [6, 7]) {
      await hand(page, "paste", [{ name: "image.png", bytes: await tile(seed) }]);
      await page.waitForSelector(".answers .verdict");
      await page.waitForNetworkIdle();
    }
    assert.deepEqual(await kept(page, "image.png"), [true, true]);
    await page.close();
  });

  test("an answer that comes after another tile was chosen has no picture of that one", async () => {
    const page = await open();
    await page.setRequestInterception(true);
    let first: HTTPRequest | undefined;
    page.on("request", (request) => {
      if (first || !request.url().includes("/predict?")) return void request.continue();
      first = request;
    });
    await hand(page, "paste", [{ name: "early.png", bytes: await tile(8) }]);
    await page.waitForFunction(() => document.querySelector(".answers")?.textContent?.includes("Analysing"));
    await hand(page, "paste", [{ name: "late.png", bytes: await tile(9) }]);
    await page.waitForSelector(".answers .verdict");
    await first?.continue();
    await page.waitForNetworkIdle();
    assert.deepEqual([await kept(page, "early.png"), await kept(page, "late.png")], [[false], [true]]);
    await page.close();
  });

  test("several dropped files become a batch, every one with its answer or the reason for none", async () => {
    const page = await open();
    const files = await Promise.all([1, 2, 3].map(async (seed) => ({ name: `t${seed}.png`, bytes: await tile(seed) })));
    await hand(page, "drop", [...files, { name: "notes.png", bytes: Buffer.from("no image") }]);
    await page.waitForSelector("main button.primary:not([disabled])");
    assert.equal(new URL(page.url()).hash, "#/batch");
    assert.equal((await page.$$("tbody tr")).length, 4);
    assert.match(await textOf(page, "main [role=status]"), /4 images in .*1 not answered/);

    const labels = join(directory, "labels.csv");
    await writeFile(labels, "file,truth\nt1.png,HP\nt2.png,SSA\nt3.png,HP\n");
    await ((await page.$("#labels")) as ElementHandle<HTMLInputElement>).uploadFile(labels);
    await page.waitForFunction(() => document.body.textContent?.includes("On 3 labelled images: accuracy"));
    const unusable = join(directory, "unusable.csv");
    await writeFile(unusable, "a,b\n1,2\n");
    await ((await page.$("#labels")) as ElementHandle<HTMLInputElement>).uploadFile(unusable);
    await page.waitForSelector("main .notice.error");
    await page.focus("#threshold-batch");
    await page.keyboard.press("Home");
    assert.equal(await page.$("main .notice.error"), null, "what is said of the labels is an error no more");
    assert.match(await textOf(page, "main [role=status]"), /1 not answered/);
    assert.match(await textOf(page, "main"), /sensitivity 100\.0 %, specificity 0\.0 %/);
    await page.setViewport({ width: 390, height: 844 });
    assert.deepEqual(await page.$eval(".scroll", fitsInWidth), [true, "label HP"], "what a label says fits on a phone");
    await page.setViewport({ width: 1280, height: 860 });

    const shown = () =>
      page.$$eval("tbody tr", (rows) => rows.map((row) => Number.parseFloat(row.children[2]?.textContent ?? "")));
    const sort = () =>
      page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>(".sort")]
          .find(({ textContent }) => textContent === "Probability")
          ?.click(),
      );
    await sort();
    const rising = (await shown()).filter(Number.isFinite);
    assert.deepEqual(
      rising,
      [...rising].sort((a, b) => a - b),
    );
    await sort();
    assert.deepEqual((await shown()).filter(Number.isFinite), [...rising].reverse());
    await page.select("#batch-filter", "Not answered");
    assert.equal((await page.$$("tbody tr")).length, 1);
    await page.select("#batch-filter", "All");

    await page.click("tbody button.file");
    await page.waitForSelector(".pictures canvas");
    assert.equal(new URL(page.url()).hash, "#/");
    await page.close();
  });

  test("two models answer side by side, each with its heat map on the same scale, which can be kept as a picture", async () => {
    const page = await open();
    await page.click(".thumb");
    await page.waitForSelector(".verdict");
    await page.select("#second", "wide");
    await page.waitForSelector('.two [data-model="wide"] .verdict');
    assert.deepEqual(
      await page.$$eval(".two [data-model]", (all) => all.map((one) => one.getAttribute("data-model"))),
      ["mlp", "wide"],
    );
    await page.click("#explain");
    await page.waitForSelector(".pictures canvas");
    assert.equal((await page.$$(".pictures canvas")).length, 3);
    const scale = await page.$eval("#scale-occlusion", (input) => (input as HTMLInputElement).value);
    await page.click(".thumb:nth-child(2)");
    await page.waitForFunction(() => document.querySelector("figcaption")?.textContent?.startsWith("drawn-2"));
    await page.waitForSelector(".two .verdict");
    await page.click("#explain");
    await page.waitForSelector(".pictures canvas");
    assert.equal(
      await page.$eval("#scale-occlusion", (input) => (input as HTMLInputElement).value),
      scale,
      "as for the tile before",
    );

    const session = await page.createCDPSession();
    await session.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: directory });
    await page.click(".pictures figcaption button");
    const pictures = async () => (await readdir(directory)).filter((name) => name.endsWith(".png"));
    for (let i = 0; i < 200 && (await pictures()).length === 0; i++) await new Promise((done) => setTimeout(done, 50));
    const [name = ""] = await pictures();
    assert.match(name, /^occlusion-mlp-drawn-2/);
    const { width, height } = await sharp(await readFile(join(directory, name))).metadata();
    assert.ok(width > 512 && height > 600, "with the scale below");
    await page.close();
  });

  test("occlusion and class activation have a scale each, which stays from tile to tile until it is changed", async () => {
    const page = await open();
    await page.setRequestInterception(true);
    let strength = 0.03;
    page.on("request", (request) => {
      if (!request.url().includes("/explain?")) return void request.continue();
      const map = (most: number) => ({ grid: 2, contributions: [most, 0, 0, 0] });
      const answer = { ...map(strength), class_activation: map(40 * strength) };
      void request.respond({ contentType: "application/json", body: JSON.stringify(answer) });
    });
    const scales = () =>
      page.$$eval(".legend input", (all) => all.map((input) => [input.id, Number((input as HTMLInputElement).value)]));
    const look = async (tileNumber: number) => {
      await page.click(`.thumb:nth-child(${tileNumber})`);
      await page.waitForFunction(
        (name) => document.querySelector("figcaption")?.textContent?.startsWith(name),
        {},
        `drawn-${tileNumber}`,
      );
      await page.waitForSelector(".verdict");
      await page.click("#explain");
      await page.waitForSelector(".pictures canvas");
    };
    await look(1);
    const first = [
      ["scale-occlusion", 0.05],
      ["scale-class_activation", 2],
    ];
    assert.deepEqual(await scales(), first);
    strength = 0.004;
    await look(2);
    assert.deepEqual(await scales(), first, "as for the tile before");
    assert.match(
      await textOf(page, ".legend"),
      /Scale of occlusion.*faint on this scale; the strongest has 0\.00400 logits/,
    );
    await page.focus('[aria-label="Fit to this tile: scale of occlusion"]');
    await page.keyboard.press("Enter");
    assert.deepEqual(await scales(), [["scale-occlusion", 0.005], first[1]]);
    await page.close();
  });

  test("a server with nothing but the model's folder knows the threshold that finds 95 % on validation", async () => {
    const page = await open();
    await page.click(".thumb");
    await page.waitForSelector(".verdict");
    const finding = () =>
      page.evaluateHandle(() =>
        [...document.querySelectorAll<HTMLElement>(".answers button")].find(({ textContent, hidden }) =>
          textContent === "Set for 95 % sensitivity" ? !hidden : false,
        ),
      );
    await page.waitForFunction(() =>
      /Set for 95 % sensitivity/.test((document.querySelector(".answers") as HTMLElement).innerText),
    );
    await ((await finding()) as ElementHandle<HTMLElement>).focus();
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => /finds (9[5-9]|100)\.\d % of the SSA/.test(document.body.textContent ?? ""));
    assert.match(await textOf(page, ".verdict"), /your threshold of/);
    await page.close();
  });

  test("the models' page sets the threshold that finds 95 % before any image was chosen, for every view", async () => {
    const page = await open("/models");
    const buttons = () =>
      page.$$eval('[aria-label="Model mlp"] button', (all) =>
        all.filter(({ hidden }) => !hidden).map((b) => b.innerText),
      );
    await page.waitForFunction(() =>
      document.querySelector<HTMLElement>('[aria-label="Model mlp"]')?.innerText.includes("Set for 95 %"),
    );
    assert.deepEqual(await buttons(), ["Set for 95 % sensitivity"]);
    await page.focus('[aria-label="Model mlp"] input[type=range]');
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => /finds (9[5-9]|100)\.\d % of the SSA/.test(document.body.innerText));
    await page.evaluate(() => {
      location.hash = "#/";
    });
    await page.waitForSelector(".thumb");
    await page.click(".thumb");
    await page.waitForSelector(".verdict");
    assert.match(await textOf(page, ".verdict"), /your threshold of/);
    await page.close();
  });

  test("with the keyboard the pictures are zoomed and moved", async () => {
    const page = await open();
    await page.click(".thumb");
    await page.waitForSelector(".verdict");
    await page.click("#explain");
    await page.waitForSelector(".pictures canvas");
    const picture = () => page.$eval(".pictures canvas", (canvas) => (canvas as HTMLCanvasElement).toDataURL());
    await page.focus(".pictures");
    const whole = await picture();
    for (let i = 0; i < 4; i++) await page.keyboard.press("+");
    assert.match(await textOf(page, 'label[for="zoom"]'), /3 ×/);
    const closer = await picture();
    assert.notEqual(closer, whole);
    await page.keyboard.press("ArrowRight");
    assert.notEqual(await picture(), closer);
    await page.close();
  });

  test("a link opens the page with the model and the threshold that are in it", async () => {
    const page = await open("/?model=wide&threshold=0.9");
    await page.click(".thumb");
    await page.waitForSelector('[data-model="wide"] .verdict');
    assert.match(await textOf(page, ".verdict"), /your threshold of 90\.0 %/);
    assert.equal(
      await page.$$eval("a", (links) =>
        links.find(({ textContent }) => textContent?.startsWith("Link to"))?.getAttribute("href"),
      ),
      "#/?model=wide&threshold=0.9",
    );
    await page.close();
  });
});
