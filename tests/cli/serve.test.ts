/** What `histo serve` refuses at start: exit status 2 and one line that names the option or file. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { apiKeysOf, originsOf } from "../../serve/core/settings";
import { projectRoot, readJson, writeJson } from "../../src/files/index";
import { writeModel } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";

function serve(keys: string, ...options: readonly string[]) {
  const argv = [join(projectRoot(), "bin", "histo.cjs"), "serve", "--quiet", "--port", "0", "--log-level", "silent"];
  const env = { ...process.env, HISTO_API_KEYS: keys };
  return spawnSync(process.execPath, [...argv, ...options], { encoding: "utf8", env, timeout: 20_000 });
}

test("what cannot be served is refused in one line that names the option or file", async (t) => {
  const directory = await temporaryDirectory(t);
  const model = await writeModel(join(directory, "model"));
  const unfit = await writeModel(join(directory, "unfit"));
  const path = join(unfit, "model.json");
  const card = await readJson<{ preprocessing: object }>(path);
  await writeJson(path, { ...card, preprocessing: { ...card.preprocessing, size: 16 } });
  const refusals: [keys: string, options: string[], message: RegExp][] = [
    ["", ["--model", model, "--endpoint", "nonsense"], /--endpoint: nonsense is/],
    ["", ["--model", model, "--host", "999.1.1.1"], /--host: 999\.1\.1\.1 is/],
    ["", ["--model", model, "--cors", "https://a.b, https://b.c/"], /--cors: https:\/\/b\.c\/ is/],
    ["", ["--model", model, "--allowed-hosts", "https://a.b"], /--allowed-hosts: https:\/\/a\.b is/],
    [" , ", ["--model", model], /HISTO_API_KEYS/],
    ["", ["--model", unfit], /unfit\/model\.json: .*preprocessing\.size 16/],
  ];
  for (const [keys, options, message] of refusals) {
    const { status, stderr } = serve(keys, ...options);
    assert.match(stderr, message);
    assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
    assert.equal(status, 2);
  }
});

test("blanks around the parts of a list do not count", () => {
  assert.deepEqual(apiKeysOf("alpha, beta ,"), ["alpha", "beta"]);
  assert.deepEqual(apiKeysOf(undefined), []);
  assert.deepEqual(originsOf("--cors", "https://a.example, http://localhost:3000"), [
    "https://a.example",
    "http://localhost:3000",
  ]);
  assert.deepEqual(originsOf("--cors", "*"), ["*"]);
});
