import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";

const root = projectRoot();

test("each guard that the security model names has its test", async () => {
  const model = await readFile(join(root, "docs", "security.md"), "utf8");
  const named = [...model.matchAll(/`((?:tests|serve\/aws\/test)\/[^`]*)`/g)].map(([, path]) => path as string);
  assert.ok(named.length > 30);
  for (const path of named) assert.ok(existsSync(join(root, path)), `${path} does not exist`);
});
