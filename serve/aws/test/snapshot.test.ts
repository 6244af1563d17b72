import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { defaultSettings, packageRoot, synthesize } from "./synthesized";

// A change of a template shows in review. After an intended one: `UPDATE_SNAPSHOTS=1 npm test` here.
for (const [stack, template] of Object.entries(synthesize(defaultSettings()).templates)) {
  test(`the template of ${stack} is the reviewed one`, () => {
    const path = join(packageRoot, "test", "snapshots", `${stack}.snap`);
    const current = `${JSON.stringify(template, null, 1)}\n`;
    if (process.env.UPDATE_SNAPSHOTS) writeFileSync(path, current);
    assert.ok(existsSync(path), `no snapshot of ${stack}; run UPDATE_SNAPSHOTS=1 npm test`);
    assert.equal(current, readFileSync(path, "utf8"));
  });
}
