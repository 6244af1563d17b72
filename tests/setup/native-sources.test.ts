import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";

test("what the addons include is among the sources whose change has them compiled again", async () => {
  const { nativeSources } = (await import(join(projectRoot(), "scripts", "setup", "tensorflow-addon.mjs"))) as {
    nativeSources: string[];
  };
  const included = nativeSources.flatMap((source) => {
    const names = readFileSync(join(projectRoot(), source), "utf8").matchAll(/^#include "(.+)"$/gm);
    return [...names].map(([, name = ""]) =>
      // As the compiler does: beside the including file, or for a file of a folder in that above it.
      [dirname(source), "native"]
        .map((folder) => join(folder, name))
        .find((path) => existsSync(join(projectRoot(), path))),
    );
  });
  assert.ok(included.length > 20);
  assert.deepEqual(
    [...new Set(included)].filter((path) => path === undefined || !nativeSources.includes(path)),
    [],
  );
});
