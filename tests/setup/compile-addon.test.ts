import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { projectRoot } from "../../src/files/index";
import { temporaryDirectory } from "../support/temporary-directory";

/** What compiling the addons in a copy of the project comes to, with a compiler that says `words` of the networks' addon. */
async function compiled(context: TestContext, words: string): Promise<unknown> {
  const root = await temporaryDirectory(context);
  for (const part of ["package.json", "scripts/setup", "native", "src/files/lock.cjs"]) {
    await cp(join(projectRoot(), part), join(root, part), { recursive: true });
  }
  await mkdir(join(root, "node_modules"));
  const headers = join("node_modules", "node-api-headers");
  await symlink(join(projectRoot(), headers), join(root, headers));
  const compiler = join(root, "compiler.sh");
  const script = `#!/bin/sh
for file; do [ "$last" = -o ] && out=$file; last=$file; done
case $out in *networks.node.tmp) echo "$WORDS" >&2; exit 1;; esac
: > "$out"
`;
  await writeFile(compiler, script, { mode: 0o755 });
  const program = `
    const { compileAddon } = await import("./scripts/setup/tensorflow-addon.mjs");
    const answer = await compileAddon(process.argv[1]).catch(({ message, advice, passing }) => ({ message, advice, passing }));
    console.log(JSON.stringify(answer));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program, compiler], {
    cwd: root,
    env: { ...process.env, WORDS: words },
  });
  return JSON.parse(stdout);
}

test("own operations that a compiler does not understand are left out, with the reason", async (context) => {
  const missing = (await compiled(context, "networks.cc:7: error: unknown type")) as string[];
  assert.equal(missing.length, 1);
  assert.match(missing[0] as string, /^own operations \(networks\).*error: unknown type$/);
});

for (const words of [
  "g++: fatal error: Killed signal terminated program cc1plus",
  "/tmp/ccX.s: fatal error: No space left on device",
]) {
  test(`a compiler that could succeed the next time ends the set-up: ${words}`, async (context) => {
    const failure = (await compiled(context, words)) as { message: string; advice: string; passing: boolean };
    assert.equal(failure.passing, true);
    assert.ok(failure.message.includes(words), failure.message);
    assert.match(failure.advice, /start again/);
  });
}
