import assert from "node:assert/strict";
import { truncate, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { temporaryDirectory } from "../support/temporary-directory";

const { kept } = createRequire(join(projectRoot(), "package.json"))("./jupyter/compiler.cjs") as {
  kept(place: string, basis: string, make: () => string): string;
};

test("a translation is made once, and again for another text or where its file is damaged", async (context) => {
  const place = join(await temporaryDirectory(context), "folder", "a.ts.js");
  let made = 0;
  const make = () => `exports.a = 1;\nexports.b = ${++made};\n`;
  const first = kept(place, "text", make);
  assert.equal(kept(place, "text", make), first);
  assert.notEqual(kept(place, "other text", make), first);
  const second = kept(place, "text", make);
  assert.equal(made, 3);
  // Behind the first line and a statement: what is left is a program, too.
  await truncate(place, 3 + 64 + 1 + "exports.a = 1;\n".length);
  assert.notEqual(kept(place, "text", make), second);
  assert.equal(made, 4);
});

test("where a translation cannot be kept, it is made each time", async (context) => {
  const file = join(await temporaryDirectory(context), "file");
  await writeFile(file, "");
  for (let i = 0; i < 2; i++)
    assert.equal(
      kept(join(file, "a.ts.js"), "text", () => `made ${i}`),
      `made ${i}`,
    );
});
