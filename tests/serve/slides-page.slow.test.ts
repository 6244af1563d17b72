import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { source as axeSource } from "axe-core";
import { startServer } from "../../serve/server/index";
import { startBrowser, withoutChromium } from "../support/browser";
import { writeModel } from "../support/served-model";
import { picture, shrunk, writeSlide } from "../support/slide-files";
import { temporaryDirectory } from "../support/temporary-directory";

test("a slide is predicted on the page and shown with its map, which follows the sliders", {
  skip: withoutChromium(),
}, async (t) => {
  const directory = await temporaryDirectory(t);
  const images = join(directory, "images");
  await mkdir(images);
  const whole = picture(900, 700);
  await writeSlide(join(images, "a.tif"), [whole, shrunk(whole, 2), shrunk(whole, 4)], { deflate: true });
  const server = await startServer({ port: 0, images, models: [await writeModel(join(directory, "model"))] });
  t.after(() => server.close());
  const { browser, close } = await startBrowser();
  t.after(close);
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(`${server.url}/#/slides`, { waitUntil: "networkidle0" });
  await page.type("#mpp", "0.5");
  await page.click("button.primary");
  await page.waitForSelector("[data-ready=true]", { timeout: 60_000 });
  await page.waitForNetworkIdle();
  const painted = () =>
    page.$eval(".slide-map", (element) => {
      const canvas = element as unknown as { width: number; height: number; getContext(kind: string): never };
      const context = canvas.getContext("2d") as { getImageData(...box: number[]): { data: Uint8ClampedArray } };
      return context.getImageData(0, 0, canvas.width, canvas.height).data.filter((value, i) => i % 4 === 3 && value > 0)
        .length;
    });
  const set = (id: string, value: string) =>
    page.$eval(
      id,
      (element, to) => {
        (element as unknown as { value: string }).value = to;
        element.dispatchEvent(new Event("input"));
      },
      value,
    );
  const all = await painted();
  assert.ok(all > 10_000);
  const { jobs } = (await (await fetch(`${server.url}/slides`)).json()) as { jobs: [{ map: string }] };
  const { probability } = (await (await fetch(server.url + jobs[0].map)).json()) as { probability: number[] };
  const middle = probability.sort((a, b) => a - b)[Math.floor(probability.length / 2)] as number;
  await set("#slide-threshold", middle.toFixed(2));
  const some = await painted();
  assert.ok(some > 0 && some < all);
  await set("#slide-opacity", "0");
  assert.equal(await painted(), 0);
  await page.evaluate(axeSource);
  const violations = await page.evaluate("axe.run().then(({ violations }) => violations.map(({ id }) => id))");
  assert.deepEqual(violations, []);
  assert.deepEqual(complaints, []);
});
