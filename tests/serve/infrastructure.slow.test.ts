import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { projectRoot } from "../../src/files/index";

const root = projectRoot();
const run = (command: string, args: readonly string[], cwd: string) =>
  spawnSync(command, args, { cwd, encoding: "utf8", maxBuffer: 1 << 26 });

let lint: ReturnType<typeof run>;

before(() => {
  // Installs the linters and CDK where they are missing; the tests below need both, and fail without one of them.
  lint = run(process.execPath, ["scripts/lint-infrastructure.mjs"], root);
});

for (const tool of ["hadolint", "shellcheck", "actionlint", "zizmor", "cdk synth, cdk-nag", "cfn-lint"]) {
  test(`${tool} finds nothing`, () => {
    const line = lint.stdout.split("\n").find((text) => text.startsWith(`${tool}:`));
    assert.equal(line, `${tool}: clean`, `${lint.stdout}${lint.stderr}`);
  });
}

test("the stacks' own tests pass: security properties, network, templates as reviewed", () => {
  const folder = join(root, "serve", "aws", "dist", "serve", "aws", "test");
  const files = readdirSync(folder).filter((name) => name.endsWith(".test.js"));
  assert.ok(files.length >= 3);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const tests = spawnSync(process.execPath, ["--test", ...files.map((name) => join(folder, name))], {
    cwd: join(root, "serve", "aws"),
    encoding: "utf8",
    env,
  });
  assert.equal(tests.status, 0, tests.stdout);
  assert.match(tests.stdout, /pass [1-9]\d+/);
});
