/** @module The page's scripts: what one imports is there, also what the build makes of the sources that the page shares. */
import assert from "node:assert/strict";
import { posix } from "node:path";
import { test } from "node:test";
import type { ServiceRequest } from "../../serve/core/http/index";
import { openWeb } from "../../serve/core/routes/index";

test("every module that the page loads is served as a script", async () => {
  const web = await openWeb();
  assert.ok(web);
  const get = async (path: string) => {
    const { status, headers, body } = await web.answer({ method: "GET", path, headers: {} } as ServiceRequest);
    assert.equal(status, 200);
    return { type: headers["content-type"], text: Buffer.from(body as Uint8Array).toString() };
  };
  const [, main = ""] = /<script type="module" src="([^"]+)"/.exec((await get("/")).text) ?? [];
  const open = [posix.resolve("/", main)];
  const loaded = new Set<string>();
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (loaded.has(path)) continue;
    loaded.add(path);
    assert.ok(web.has(path), path);
    const { type, text } = await get(path);
    assert.match(type ?? "", /^text\/javascript/, path);
    for (const [, to = ""] of text.matchAll(/(?:from\s*|import\s*\(?)"(\.[^"]+)"/g)) {
      open.push(posix.resolve(posix.dirname(path), to));
    }
  }
  assert.ok(loaded.has("/js/heat-map-drawing.js"), "heat maps are drawn by the module that pictures are drawn by");
});
