import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";

test("the page shows a probability and a threshold that differ by different texts", async () => {
  const source = await readFile(join(projectRoot(), "serve", "web", "js", "dom.js"), "utf8");
  const { toldApart } = await import(
    `data:text/javascript,${encodeURIComponent(source.replaceAll(/^export .* from .*$/gm, ""))}`
  );
  assert.deepEqual(toldApart(0.8333, 0.4), ["83.3 %", "40.0 %"]);
  assert.deepEqual(toldApart(0.8333, 0.8333), ["83.3 %", "83.3 %"]);
  assert.deepEqual(toldApart(0.83329, 0.8333), ["83.329 %", "83.330 %"]);
  assert.deepEqual(toldApart(0.8332999999999999, 0.8333), ["0.8332999999999999", "0.8333"]);
});
