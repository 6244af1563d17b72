import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";

test("no module is named like a package, because the notebook kernel would take one for the other", () => {
  const { dependencies } = JSON.parse(readFileSync(join(projectRoot(), "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const files = readdirSync(join(projectRoot(), "src"), { recursive: true, encoding: "utf8" });
  const modules = files.filter((file) => file.endsWith(".ts"));
  assert.ok(modules.length > 400);
  assert.deepEqual(
    modules.filter((file) => basename(file, ".ts") in dependencies),
    [],
  );
});
