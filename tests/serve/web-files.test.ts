/** @module The page's files: what a script imports is there, also what the build makes of shared sources; none counts as a request. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import type { ServiceRequest } from "../../serve/core/http/index";
import { openWeb } from "../../serve/core/routes/index";
import { startServer } from "../../serve/server/index";
import { projectRoot } from "../../src/files/index";
import { writeModel } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";

test("every module that the page loads is served as a script", async () => {
  const web = await openWeb();
  assert.ok(web);
  const get = async (path: string) => {
    const { status, headers, body } = await web.answer({ method: "GET", path, headers: {} } as ServiceRequest);
    assert.equal(status, 200);
    return { type: headers["content-type"], text: Buffer.from(body as Uint8Array).toString() };
  };
  const { text } = await get("/");
  const [, main = ""] = /<script type="module" src="([^"]+)"/.exec(text) ?? [];
  /** The modules that some import, and what those import in turn. */
  const importedBy = async (first: readonly string[], imports: RegExp) => {
    const open = [...first];
    const loaded = new Set<string>();
    for (let path = open.pop(); path !== undefined; path = open.pop()) {
      if (loaded.has(path)) continue;
      loaded.add(path);
      assert.ok(web.has(path), path);
      const { type, text } = await get(path);
      assert.match(type ?? "", /^text\/javascript/, path);
      for (const [, to = ""] of text.matchAll(imports)) open.push(posix.resolve(posix.dirname(path), to));
    }
    return loaded;
  };
  const start = posix.resolve("/", main);
  const all = await importedBy([start], /(?:from\s*|import\s*\(?)"(\.[^"]+)"/g);
  assert.ok(all.has("/js/heat-map-drawing.js"), "heat maps are drawn by the module that pictures are drawn by");
  // One after the other they would be asked for in seven rounds, each as long as the way to the server and back.
  const asked = [...text.matchAll(/rel="modulepreload" href="([^"]+)"/g)].map(([, to = ""]) => posix.resolve("/", to));
  const first = await importedBy([start, "/js/analyse.js"], /from\s*"(\.[^"]+)"/g);
  assert.deepEqual(asked.sort(), [...first].filter((path) => path !== start).sort(), "the first view's modules");
});

test("the page's own files do not count as requests of a client", async (t) => {
  const models = [await writeModel(join(await temporaryDirectory(t), "mlp"))];
  const server = await startServer({ models, port: 0, rateLimit: 3 });
  t.after(() => server.close());
  const { url } = server;
  const files = ["", "/styles.css", "/js/app.js", "/examples/drawn-1.webp", "/vendor/plotly.min.js"];
  for (const file of files) assert.equal((await fetch(`${url}${file}`)).status, 200, file);
  const statuses = [];
  for (const path of ["/info", "/images", "/js/none.js", "/info"]) statuses.push((await fetch(url + path)).status);
  assert.deepEqual(statuses, [200, 200, 404, 429]);
  assert.equal((await fetch(`${url}/js/app.js`)).status, 200);
});

test("what the page's modules import from code that the build writes is exported there", async () => {
  const folder = join(projectRoot(), "serve", "web", "js");
  const built = { "heat-map-drawing.js": "explanation/drawing.mjs", "format.js": "format/text.mjs" };
  for (const [name, path] of Object.entries(built)) {
    const exported = Object.keys(await import(pathToFileURL(join(projectRoot(), "dist", "src", path)).href));
    const used = readdirSync(folder).flatMap((file) => {
      const source = readFileSync(join(folder, file), "utf8");
      const imports = source.matchAll(new RegExp(`import \\{([^}]*)\\} from "\\./${name.replace(".", "\\.")}"`, "g"));
      return [...imports].flatMap(([, names = ""]) => names.split(",").map((one) => one.trim().split(" as ")[0] ?? ""));
    });
    const missing = used.filter((one) => one !== "" && !exported.includes(one));
    assert.ok(used.length > 0, name);
    assert.deepEqual(missing, [], name);
  }
});
