import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { sourceTags } from "../../../src/tracking/run/source-tags";
import { sharedDirectory } from "../../support/temporary-directory";

test("source tags tell commit, branch and whether files were changed since, as git does", async () => {
  const directory = sharedDirectory();
  const git = (...command: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...command], {
      cwd: directory,
      encoding: "utf8",
    });
  assert.deepEqual(await gitTags(directory), {}, "no repository");
  git("init", "--quiet", "--initial-branch", "trunk");
  assert.deepEqual(await gitTags(directory), {}, "no commit");
  await writeFile(join(directory, "train.ts"), "1");
  git("add", ".");
  git("commit", "--quiet", "--message", "Begin");
  const commit = git("rev-parse", "HEAD").trim();
  assert.deepEqual(await gitTags(directory), { commit, branch: "trunk", dirty: "false" });
  await writeFile(join(directory, "notes"), "not known to git");
  assert.equal((await gitTags(directory)).dirty, "false");
  await writeFile(join(directory, "train.ts"), "2");
  assert.equal((await gitTags(directory)).dirty, "true");
  git("checkout", "--quiet", "--detach");
  assert.deepEqual(await gitTags(directory), { commit, dirty: "true" });
});

async function gitTags(directory: string): Promise<Record<string, string>> {
  const prefix = "mlflow.source.git.";
  const tags = (await sourceTags(directory, -1)).filter(({ key }) => key.startsWith(prefix));
  return Object.fromEntries(tags.map(({ key, value }) => [key.slice(prefix.length), value]));
}
