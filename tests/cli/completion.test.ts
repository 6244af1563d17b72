import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { test } from "node:test";
import { histoHere } from "../support/histo";

const has = (shell: string) => spawnSync(shell, ["-c", "true"]).status === 0;
const script = async (shell: string) => {
  const { status, stdout, stderr } = await histoHere("completion", shell);
  assert.equal(status, 0, stderr);
  return stdout;
};

test("bash completes commands, options and the words that options take", {
  skip: !has("bash") && "no bash",
}, async () => {
  const lines = await script("bash");
  const completed = (...typed: readonly string[]) => {
    const program = `${lines}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _histo; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync("bash", ["-c", program, "bash", "histo", ...typed], { encoding: "utf8" })
      .trim()
      .split("\n");
  };
  assert.deepEqual(completed("tra"), ["train"]);
  assert.deepEqual(completed("data", ""), ["synth", "pack", "--help"]);
  assert.deepEqual(completed("train", "--data", "x", "--optim"), ["--optimizer"]);
  assert.deepEqual(completed("train", "--optimizer", "ada"), ["adam", "adamw"]);
  assert.ok(completed("predict", "--model", "/us").includes("/usr"), "other values are files");
});

for (const shell of ["zsh", "fish"] as const) {
  test(`${shell} takes its script`, { skip: !has(shell) && `no ${shell}` }, async () => {
    const { status, stderr } = spawnSync(shell, ["-c", `${await script(shell)}\ncomplete -C 'histo tra'`], {
      encoding: "utf8",
    });
    assert.equal(shell === "fish" ? status : 0, 0, stderr);
    assert.doesNotMatch(stderr, /error|parse/i);
  });
}

test("the script for fish names each command with its options", async () => {
  const lines = (await script("fish")).split("\n");
  assert.ok(
    lines.includes(
      "complete -c histo -n '__histo_at ' -f -a train -d 'train a model; keeps its best weights, predictions and metrics in a run directory'",
    ),
  );
  assert.ok(lines.some((line) => line.startsWith("complete -c histo -n '__histo_at data synth' -l images -r -F -d ")));
});

test("a shell that is not known is refused", async () => {
  const { status, stderr } = await histoHere("completion", "tcsh");
  assert.equal(status, 2);
  assert.match(stderr, /bash, zsh, fish/);
});
