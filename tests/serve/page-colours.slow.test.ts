/** The page in other colours than those of the screen it was made for: on paper, and in those that a person has chosen for everything. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "puppeteer-core";
import { type RunningServer, startServer } from "../../serve/server/index";
import { startBrowser, withoutChromium } from "../support/browser";
import { writeModel, writeTiles } from "../support/served-model";
import { sharedDirectory } from "../support/temporary-directory";

describe("the page in other colours", { skip: withoutChromium() }, () => {
  let server: RunningServer;
  let browser: Browser;
  let closeBrowser: () => Promise<void>;

  before(async () => {
    const directory = sharedDirectory();
    const images = await writeTiles(join(directory, "tiles"), 120);
    server = await startServer({ models: [await writeModel(join(directory, "mlp"))], images, port: 0 });
    ({ browser, close: closeBrowser } = await startBrowser());
  });
  after(async () => {
    await closeBrowser?.();
    await server?.close();
  });

  async function open(view: string): Promise<Page> {
    const page = await browser.newPage();
    await page.setViewport({ width: 1280, height: 860 });
    await page.goto(`${server.url}/#${view}`, { waitUntil: "networkidle0" });
    return page;
  }

  test("what is printed from dark colours is dark on white, figures too, and the screen is as before", async () => {
    const page = await open("/data");
    await page.waitForSelector(".main-svg");
    for (let i = 0; i < 2; i++) await page.click("#theme");
    const colours = () => {
      const tick = document.querySelector(".xtick text") as Element;
      return [getComputedStyle(document.body).color, getComputedStyle(tick).fill];
    };
    const dark = ["rgb(236, 231, 241)", "rgb(171, 162, 182)"];
    await page.waitForFunction(
      (wanted) => getComputedStyle(document.querySelector(".xtick text") as Element).fill === wanted,
      {},
      dark[1],
    );
    assert.deepEqual(await page.evaluate(colours), dark);
    // After the page's own listener, and before the paper: no time passes in between.
    await page.evaluate(
      `addEventListener("beforeprint", async () => {
        for (let i = 0; i < 100; i++) await null;
        globalThis.printed = (${colours})();
      })`,
    );
    await page.pdf();
    await page.waitForFunction(() => "printed" in globalThis);
    assert.deepEqual(await page.evaluate("printed"), ["rgb(37, 32, 43)", "rgb(98, 90, 107)"]);
    await page.waitForFunction(
      (wanted) => getComputedStyle(document.querySelector(".xtick text") as Element).fill === wanted,
      {},
      dark[1],
    );
    assert.deepEqual(await page.evaluate(colours), dark);
    await page.evaluate(() => localStorage.clear());
    await page.close();
  });

  test("a printed batch has every row that is shown, and none of the controls for another", async () => {
    const page = await open("/batch");
    await page.evaluate(() =>
      [...document.querySelectorAll("button")].find(({ textContent }) => textContent?.startsWith("All train"))?.click(),
    );
    await page.waitForSelector("main button.primary:not([disabled])");
    await page.emulateMediaType("print");
    const [hidden, rows, isDropSeen] = await page.$eval(".scroll.tall", (box) => [
      box.scrollHeight - box.clientHeight,
      box.querySelectorAll("tbody tr").length,
      (document.querySelector(".drop-field") as HTMLElement).offsetParent !== null,
    ]);
    assert.deepEqual([hidden, rows, isDropSeen], [0, 80, false]);
    await page.close();
  });

  test("with a person's own colours for everything, what is chosen and how probable it is are still seen", async () => {
    const page = await open("/");
    await page.click(".thumb");
    await page.waitForSelector(".verdict");
    const session = await page.createCDPSession();
    await session.send("Emulation.setEmulatedMedia", { features: [{ name: "forced-colors", value: "active" }] });
    const seen = await page.evaluate(() => {
      const of = (selector: string) => getComputedStyle(document.querySelector(selector) as Element);
      return {
        source: of(".segments input:checked + label").outlineStyle,
        other: of(".segments input:not(:checked) + label").outlineStyle,
        thumbnail: of('.thumb[aria-pressed="true"]').outlineStyle,
        view: of("#nav [aria-current]").outlineStyle,
        fill: of(".gauge-fill").backgroundImage.startsWith("linear-gradient"),
        mark: of(".gauge-mark").backgroundColor !== of(".gauge").backgroundColor,
      };
    });
    const expected = { source: "solid", other: "none", thumbnail: "solid", view: "solid", fill: true, mark: true };
    assert.deepEqual(seen, expected);
    await page.close();
  });
});
