import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { histoHere } from "../support/histo";

const PAGES = ["architecture", "runbook", "security", "scaling-serving"];
const page = (name: string) => readFileSync(join(projectRoot(), "docs", `${name}.md`), "utf8");

test("the drawing is what its program draws", () => {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/draw-architecture.mjs", "--check"], {
    cwd: projectRoot(),
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
});

for (const name of PAGES) {
  test(`docs/${name}.md: what it links to and the files it names are there`, () => {
    const text = page(name);
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
      assert.ok(existsSync(join(projectRoot(), dirname(`docs/${name}.md`), target as string)), target);
    }
    for (const [, path] of text.matchAll(/`((?:serve|tests|scripts|src|\.github)\/[\w./-]+)`/g)) {
      assert.ok(existsSync(join(projectRoot(), path as string)), path);
    }
  });
}

test("the runbook's histo commands are ones that exist, with options that they take", async () => {
  const commands = [...page("runbook").matchAll(/npx histo (deploy [a-z0-9]+)((?: --[a-z-]+)?[^\n`#]*)/g)];
  assert.ok(commands.length >= 5);
  for (const [, command = "", rest = ""] of commands) {
    const { status, stdout } = await histoHere(...command.split(" "), "--help");
    assert.equal(status, 0, command);
    for (const [option] of rest.matchAll(/--[a-z-]+/g)) assert.ok(stdout.includes(option), `${command} ${option}`);
  }
});
