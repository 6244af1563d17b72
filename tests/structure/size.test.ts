import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";

const MOST_LINES = 350;

test("no source file is longer than one sits down to read", (t) => {
  const folders = ["src", "serve", "bench", "tests", "scripts"];
  const { status, stdout } = spawnSync("git", ["ls-files", ...folders], { cwd: projectRoot(), encoding: "utf8" });
  if (status !== 0) return t.skip("no git checkout");
  const sources = stdout.split("\n").filter((name) => /\.(ts|js|mjs|cjs)$/.test(name));
  assert.ok(sources.length > 500, `${sources.length} files were found`);
  const long = sources.flatMap((name) => {
    const lines = readFileSync(join(projectRoot(), name), "utf8").split("\n").length - 1;
    return lines > MOST_LINES ? [`${name}: ${lines} lines`] : [];
  });
  assert.deepEqual(long, []);
});
