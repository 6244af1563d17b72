/**
 * Results that need not depend on the processor do not: the same program with the vector instructions of AVX2 alone, without
 * oneDNN and the project's own operations, and with all that this processor has.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { projectRoot, readJson } from "../../src/files/index";
import type { ProcessorResults } from "../support/processor-results";
import { temporaryDirectory } from "../support/temporary-directory";

const PROGRAM = join(projectRoot(), "dist", "tests", "support", "processor-results.js");
const LESSER: Readonly<Record<string, NodeJS.ProcessEnv>> = {
  "AVX2 alone": { HISTO_MAX_CPU_ISA: "avx2", VIPS_NOVECTOR: "1" },
  "neither oneDNN nor own operations": {
    TF_ENABLE_ONEDNN_OPTS: "0",
    HISTO_FUSED_UPDATES: "0",
    HISTO_NETWORK_OPS: "0",
  },
};
/** Of what is computed in floats: the largest difference in proportion to the largest value. Subspaces are found in bf16. */
const TOLERANCE: Readonly<Record<string, number>> = { directions: 0.03, "mean coordinates": 1e-4 };

type Results = { readonly isa: string; readonly results: ProcessorResults };

async function resultsWith(directory: string, env: NodeJS.ProcessEnv): Promise<Results> {
  await promisify(execFile)(process.execPath, [PROGRAM, directory], {
    env: { ...process.env, HISTO_CACHE: join(directory, "cache"), ...env },
  });
  return readJson<Results>(join(directory, "results.json"));
}

test("images, seeds, features, quantization and splits are the same with fewer instructions", async (context) => {
  const directory = () => temporaryDirectory(context);
  const [whole, ...lesser] = await Promise.all([
    resultsWith(await directory(), {}),
    ...Object.values(LESSER).map(async (env) => resultsWith(await directory(), env)),
  ]);
  for (const [i, { isa, results }] of lesser.entries()) {
    assert.notEqual(isa, "amx");
    for (const [what, value] of Object.entries(whole.results)) {
      const [other, name] = [results[what], `${what} with ${Object.keys(LESSER)[i]}`];
      if (typeof value === "string") assert.equal(other, value, name);
      else assertClose(other as readonly number[], value, TOLERANCE[what] ?? 1e-5, name);
    }
  }
});

function assertClose(actual: readonly number[], expected: readonly number[], tolerance: number, what: string): void {
  const largest = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  assert.equal(actual.length, expected.length, what);
  for (const [i, value] of expected.entries()) {
    const difference = Math.abs((actual[i] as number) - value);
    assert.ok(difference <= largest * tolerance, `${what} ${i}: ${actual[i]} for ${value}`);
  }
}
