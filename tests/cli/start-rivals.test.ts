/** @module The quick rivals of the reference network. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { chooseServed } from "../../src/cli/start-rivals";
import { runExperiment } from "../../src/experiments/index";
import { silentProgress } from "../../src/progress/index";
import { writeCsvSet } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

test("rivals may take as long as a slow reference network, to the millisecond and less", async (context) => {
  const folder = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(folder, "cache");
  const data = { data: await writeCsvSet(join(folder, "set"), 40), size: 16 };
  const run = join(folder, "reference");
  const reference = await runExperiment({ ...data, hidden: [4], epochs: 1 }, { run, variant: "fp32" });
  const said: string[] = [];
  const progress = { ...silentProgress, say: (text: string) => void said.push(text) };
  const noNetwork = Promise.reject(new Error("there is no network"));
  noNetwork.catch(() => undefined);
  const served = await chooseServed({ ...reference, seconds: 32.65143029 }, noNetwork, {
    ...{ run, data, track: false, progress },
    signal: new AbortController().signal,
  });
  assert.match(said.join("\n"), /^Left out: .* \(there is no network\)\.$/m);
  assert.deepEqual(new Set(served.models), new Set([run, `${run}-colour`].map((path) => join(path, "model"))));
  assert.match(served.says, /^Validation prefers .* both are served\.$/);
});
