import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";

test("every source file that the documentation names exists", (t) => {
  const { status, stdout } = spawnSync("git", ["ls-files"], { cwd: projectRoot(), encoding: "utf8" });
  if (status !== 0) return t.skip("no git checkout");
  const files = stdout.trim().split("\n");
  // In full, from the room on, or by the last name alone.
  const known = new Set(files.flatMap((file) => [file, file.replace(/^src\//, ""), basename(file)]));
  const pages = files.filter((file) => /^(docs\/)?[^/]+\.md$/.test(file));
  const named = pages.flatMap((page) => {
    const text = readFileSync(join(projectRoot(), page), "utf8");
    return [...text.matchAll(/`([\w./-]+\.(?:ts|mjs|cjs|py|cc|sh|ipynb))`/g)].map(([, name = ""]) => ({ page, name }));
  });
  assert.ok(named.length > 50, `${named.length} names were found`);
  // Names in capitals stand for the reader's own.
  const missing = named.filter(({ name }) => !known.has(name) && !/[A-Z]{4}/.test(name));
  assert.deepEqual(missing, []);
});
