import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Command } from "commander";
import { createProgram } from "../../src/cli/main";
import { projectRoot } from "../../src/files/index";

/** The `histo` and `npm` commands in the documentation. */
function documentedCommands(): { file: string; line: string }[] {
  const pages = ["README.md", "environment.md", "data/README.md"];
  pages.push(
    ...readdirSync(join(projectRoot(), "docs"))
      .filter((name) => name.endsWith(".md"))
      .map((name) => join("docs", name)),
  );
  return pages.flatMap((file) => {
    const text = readFileSync(join(projectRoot(), file), "utf8");
    const blocks = [...text.matchAll(/```(?:bash|sh|console)?\n([\s\S]*?)```/g)].map(([, block]) => block as string);
    const inline = [...text.matchAll(/`((?:npx histo|histo|npm) [^`\n]+)`/g)].map(([, command]) => command as string);
    const lines = [...blocks.flatMap((block) => block.replace(/\\\n\s*/g, " ").split("\n")), ...inline];
    return lines.map((line) => ({
      file,
      line: line
        .replace(/^\$ /, "")
        .replace(/\s+#.*$/, "")
        .trim(),
    }));
  });
}

const words = (line: string) =>
  [...line.matchAll(/"[^"]*"|'[^']*'|\S+/g)].map(([word]) => word.replace(/^["']|["']$/g, ""));

/** The command that some words name, and the options among the rest. */
function find(program: Command, argv: readonly string[]): { command: Command; options: string[] } {
  let command = program;
  let rest = [...argv];
  for (;;) {
    const child = command.commands.find((candidate) => candidate.name() === rest[0]);
    if (!child) break;
    command = child;
    rest = rest.slice(1);
  }
  return {
    command,
    options: rest.filter((word) => /^--?[a-z]/i.test(word)).map((word) => word.split("=")[0] as string),
  };
}

test("every histo command in the documentation exists, with the options it is shown with", async () => {
  const program = await createProgram();
  const shown = documentedCommands().filter(({ line }) => /^(npx histo|histo|npm run histo --) /.test(line));
  assert.ok(shown.length > 5);
  for (const { file, line } of shown) {
    const argv = words(line.replace(/^(npx histo|histo|npm run histo --) /, "").replace(/\s*[|&>;].*$/, ""));
    const { command, options } = find(program, argv);
    assert.ok(command !== program || options.includes("--help"), `${file}: ${line}: no such command`);
    const known = command.options.flatMap(({ short, long }) => [short, long]).concat(["--help", "-h"]);
    for (const option of options) assert.ok(known.includes(option), `${file}: ${line}: no option ${option}`);
  }
});

test("every npm script in the documentation exists", () => {
  const { scripts } = JSON.parse(readFileSync(join(projectRoot(), "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  for (const { file, line } of documentedCommands()) {
    const [, name] = /^npm (?:run )?([a-z:]+)/.exec(line) ?? [];
    if (name && name !== "ci" && name !== "install") assert.ok(name in scripts, `${file}: ${line}: no script ${name}`);
  }
});
