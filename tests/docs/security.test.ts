import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ROUTES } from "../../serve/core/routes/index";
import { projectRoot } from "../../src/files/index";

const root = projectRoot();

test("each guard that the security model names has its test", async () => {
  const model = await readFile(join(root, "docs", "security.md"), "utf8");
  const named = [...model.matchAll(/`((?:tests|serve\/aws\/test)\/[^`]*)`/g)].map(([, path]) => path as string);
  assert.ok(named.length > 30);
  for (const path of named) assert.ok(existsSync(join(root, path)), `${path} does not exist`);
});

/** The table of entry points: its rows, with their cells. */
async function entryPoints(): Promise<string[][]> {
  const model = await readFile(join(root, "docs", "security.md"), "utf8");
  const [, section = ""] = /^## Entry points\n(.*?)^## /ms.exec(model) ?? [];
  const rows = section.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| ---"));
  return rows.slice(1).map((row) => row.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "")));
}

test("each entry point has a guard, and tests that are there under the words that are quoted", async () => {
  const rows = await entryPoints();
  assert.ok(rows.length > 20);
  for (const [entry, , guard, tests = "", ...more] of rows) {
    assert.ok(guard && more.length === 0, entry);
    const named = [...tests.matchAll(/`([^`]+)` \(("[^)]*")\)/g)];
    assert.ok(named.length > 0, `${entry} has no test`);
    for (const [, path = "", quotes = ""] of named) {
      const text = await readFile(join(root, path), "utf8");
      for (const [, title = ""] of quotes.matchAll(/"([^"]+)"/g)) assert.ok(text.includes(title), `${path}: ${title}`);
    }
  }
});

test("each route of the service is an entry point of the security model", async () => {
  const entries = (await entryPoints()).map(([entry]) => entry).join("\n");
  for (const { label } of ROUTES) assert.ok(entries.includes(`\`${label}\``), label);
});
