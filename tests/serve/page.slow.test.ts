import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { source as axeSource } from "axe-core";
import type { Browser, ElementHandle, Page } from "puppeteer-core";
import { type RunningServer, startServer } from "../../serve/server/index";
import { startBrowser, withoutChromium } from "../support/browser";
import { tile, writeModel, writeTiles } from "../support/served-model";
import { sharedDirectory } from "../support/temporary-directory";

const VIEWS = ["/", "/batch", "/data", "/models", "/deployments", "/api"];

describe("the web page in a browser", { skip: withoutChromium() }, () => {
  let directory: string;
  let server: RunningServer;
  let browser: Browser;
  let closeBrowser: () => Promise<void>;
  /** What the browser complained about, such as blocked styles or failed requests. */
  const complaints: string[] = [];
  const requested = new Set<string>();

  before(async () => {
    directory = sharedDirectory();
    const models = [
      await writeModel(join(directory, "mlp")),
      await writeModel(join(directory, "wide"), { name: "wide", seed: 2 }),
    ];
    const images = await writeTiles(join(directory, "tiles"), 20);
    server = await startServer({ models, images, runs: join(directory, "mlp-run"), port: 0 });
    ({ browser, close: closeBrowser } = await startBrowser());
  });
  after(async () => {
    await closeBrowser?.();
    await server?.close();
  });

  async function open(view: string, width = 1280, height = 860): Promise<Page> {
    const page = await browser.newPage();
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => requested.add(new URL(request.url()).protocol + new URL(request.url()).host));
    await page.setViewport({ width, height, isMobile: width < 600, hasTouch: width < 600 });
    await page.goto(`${server.url}/#${view}`, { waitUntil: "networkidle0" });
    await page.waitForSelector("main h1");
    return page;
  }
  const textOf = (page: Page, selector: string) => page.$eval(selector, (element) => element.textContent ?? "");
  const press = async (page: Page, ...keys: readonly string[]) => {
    for (const key of keys) await page.keyboard.press(key as "Tab");
  };
  const focused = (page: Page) =>
    page.evaluate(
      () => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "",
    );

  test("a visitor with a keyboard alone chooses an image and gets an answer", async () => {
    const page = await open("/");
    for (let i = 0; i < 40 && !(await focused(page)).startsWith("MHIST_"); i++) await press(page, "Tab");
    assert.match(await focused(page), /^MHIST_aaa\.png, (HP|SSA)$/);
    await press(page, "ArrowRight", "ArrowRight");
    assert.match(await focused(page), /^MHIST_aac\.png/);
    await press(page, "Enter");
    await page.waitForSelector(".verdict");
    const answer = await (
      await fetch(`${server.url}/predict`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"image_filename":"MHIST_aac.png"}',
      })
    ).json();
    assert.equal(await textOf(page, ".verdict-class"), answer.predicted_class);
    assert.match(await textOf(page, ".verdict"), new RegExp(`${(answer.probability * 100).toFixed(1)} %`));
    assert.match(await textOf(page, ".experts"), /6 of 7 chose SSA/);

    await page.focus("#threshold-0");
    await press(page, "End");
    assert.match(await textOf(page, ".verdict"), /^HP.*below your threshold of 100\.0 %/);
    assert.match(await textOf(page, "[aria-labelledby=history-title] tbody"), /HP/);
    await press(page, "Home");
    assert.match(await textOf(page, ".verdict"), /^SSA.*at or above your threshold of 0\.0 %/);
    assert.match(await textOf(page, "[aria-labelledby=history-title] tbody"), /SSA/);
    await page.close();
  });

  test("an uploaded file is analysed, and its heat map shown, by the model that was chosen", async () => {
    const page = await open("/", 390, 844);
    const path = join(directory, "upload.png");
    await writeFile(path, await tile(77));
    await page.click('label[for="source-file"]');
    await ((await page.$("#file")) as ElementHandle<HTMLInputElement>).uploadFile(path);
    await page.waitForFunction(() => document.querySelector("figcaption")?.textContent === "upload.png");
    await page.select("#model", "wide");
    await page.waitForSelector('[data-model="wide"] .verdict');
    assert.match(await textOf(page, ".times"), /Model wide/);
    await page.click("#explain");
    await page.waitForSelector(".pictures canvas");
    const different = await page.$$eval(".pictures canvas", (canvases) => {
      const [tile, map] = canvases.map((canvas) => canvas.toDataURL());
      return tile !== map;
    });
    assert.ok(different, "the heat map is drawn over the tile");
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `the page is ${overflow} px wider than the phone`);
    await page.close();
  });

  test("a batch of the server's images becomes a CSV", async () => {
    const page = await open("/batch");
    const session = await page.createCDPSession();
    await session.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: directory });
    await page.evaluate(() =>
      [...document.querySelectorAll("button")]
        .find((button) => button.textContent?.startsWith("All test images"))
        ?.click(),
    );
    await page.waitForSelector("main button.primary:not([disabled])");
    await page.click("main button.primary");
    const csv = join(directory, "predictions.csv");
    // The browser makes the file first and fills it then.
    for (let i = 0; i < 600 && !(existsSync(csv) && statSync(csv).size > 0); i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const lines = (await readFile(csv, "utf8")).trimEnd().split("\n");
    assert.equal(
      lines[0],
      "filename,logit,probability,predicted_class,threshold,error,in_distribution,warnings,trained_on_drawn_tiles,label",
    );
    assert.equal(lines.length, 1 + 6);
    assert.match(lines[1] ?? "", /^MHIST_aac\.png,-?\d/);
    await page.close();
  });

  test("on a phone every view fits, and the bar shows which one it is", async () => {
    for (const view of VIEWS) {
      const page = await open(view, 390, 844);
      await page.waitForSelector('#nav li:not([hidden]) [href="#/deployments"]');
      const [overflow, left, right] = await page.evaluate(() => {
        const box = document.querySelector("#nav [aria-current]")?.getBoundingClientRect();
        return [document.documentElement.scrollWidth - innerWidth, box?.left ?? -1, box?.right ?? Number.NaN];
      });
      assert.ok((overflow as number) <= 0, `${view} is ${overflow} px wider than the phone`);
      assert.ok((left as number) >= 0 && (right as number) <= 390, `${view}: its link lies from ${left} to ${right}`);
      await page.close();
    }
  });

  test("figures are drawn for the data set", async () => {
    const page = await open("/data");
    await page.waitForSelector(".main-svg");
    assert.match(await textOf(page, "dl"), /Images20/);
    await page.close();
  });

  test("the colours chosen on the page hold against the system's, in figures too", async () => {
    const page = await open("/data");
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
    await page.waitForSelector(".main-svg");
    const colours = () =>
      page.evaluate(() => [
        getComputedStyle(document.body).backgroundColor,
        getComputedStyle(document.querySelector(".xtick text") as Element).fill,
      ]);
    const light = ["rgb(247, 245, 248)", "rgb(98, 90, 107)"] as const;
    const dark = ["rgb(21, 18, 26)", "rgb(171, 162, 182)"] as const;
    assert.deepEqual(await colours(), light);
    const drawn = (colour: string) =>
      page.waitForFunction(
        (wanted) => getComputedStyle(document.querySelector(".xtick text") as Element).fill === wanted,
        {},
        colour,
      );
    for (const [label, expected] of [
      ["Colours: light", light],
      ["Colours: dark", dark],
    ] as const) {
      await page.click("#theme");
      assert.equal(await page.$eval("#theme", (button) => button.getAttribute("aria-label")), label);
      await drawn(expected[1]);
      assert.deepEqual(await colours(), expected, label);
    }
    await page.click("#theme");
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
    await drawn(dark[1]);
    assert.deepEqual(await colours(), dark);
    await page.evaluate(() => localStorage.clear());
    await page.close();
  });

  for (const scheme of ["light", "dark"]) {
    test(`axe finds nothing on any view in ${scheme} colours`, async () => {
      for (const view of VIEWS) {
        const page = await open(view);
        await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
        if (view === "/") {
          await page.click(".thumb");
          await page.waitForSelector(".verdict");
          await page.click("#explain");
          await page.waitForSelector(".pictures canvas");
        }
        const session = await page.createCDPSession();
        // Outside of the page's own policy, as a browser's tools are.
        await session.send("Runtime.evaluate", { expression: axeSource });
        const violations = await page.evaluate(async () => {
          const axe = (
            globalThis as unknown as {
              axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
            }
          ).axe;
          return (await axe.run()).violations.map(
            ({ id, nodes }) =>
              `${id}: ${nodes
                .map(({ html }) => html)
                .slice(0, 3)
                .join(" ")}`,
          );
        });
        assert.deepEqual(violations, [], view);
        await page.close();
      }
    });
  }

  test("the browser had nothing to complain about and asked no other server", () => {
    assert.deepEqual(complaints, []);
    const own = new URL(server.url).host;
    assert.deepEqual(
      [...requested].filter((origin) => !origin.endsWith(own) && !/^(blob|data):/.test(origin)),
      [],
    );
  });
});
