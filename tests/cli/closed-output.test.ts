/** What commands do whose output nobody reads, or which cannot be written. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";

const program = join(projectRoot(), "bin", "histo.cjs");

/** Runs `histo options --json`, whose output is longer than a pipe holds. @param output "closed" or a file descriptor */
function runInto(output: "closed" | number): Promise<{ status: number | null; said: string }> {
  const to = output === "closed" ? "pipe" : output;
  const child = spawn(process.execPath, [program, "options", "--json"], { stdio: ["ignore", to, "pipe"] });
  child.stdout?.destroy();
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (status) => resolve({ status, said }));
  });
}

test("a command whose reader is gone ends without a word, as by SIGPIPE", async () => {
  assert.deepEqual(await runInto("closed"), { status: 141, said: "" });
});

test("an output that cannot be written is one clear line", {
  skip: !existsSync("/dev/full") && "needs /dev/full",
}, async () => {
  const said = "histo: The output cannot be written (ENOSPC).\n";
  assert.deepEqual(await runInto(openSync("/dev/full", "w")), { status: 1, said });
});
