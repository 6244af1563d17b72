import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import type { BenchmarkResult } from "../../bench/index";
import { projectRoot } from "../../src/files/index";
import { pythonPath } from "../support/python";

test("a benchmark that is stopped prints what it has measured, and where", async (context) => {
  if (!pythonPath()) return context.skip("The project's Python tools are not set up.");
  const command = [join(projectRoot(), "bin", "histo.cjs"), "bench", "tracking", "--json"];
  const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "pipe"] });
  const text = { out: "", error: "" };
  child.stdout.on("data", (chunk: Buffer) => {
    text.out += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    text.error += chunk;
    if (text.error.includes("round 1:")) child.kill("SIGTERM");
  });
  const [status] = await once(child, "close");
  assert.equal(status, 130, text.error);
  const { ours, ratio, partial, processor, instructionSet } = JSON.parse(text.out) as BenchmarkResult;
  assert.equal(partial?.state, "interrupted");
  assert.match(partial.done.join(), /^[12] of 7 rounds$/);
  assert.ok((ours as { pointsSeconds: number }).pointsSeconds > 0 && ratio > 0);
  assert.match(processor, /, \d+ cores$/);
  assert.match(instructionSet, /^(plain|avx2|avx512|amx)$/);
});
