import assert from "node:assert/strict";
import { copyFile, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { writeSafetensors } from "../../src/files/index";
import { resolveTrainingOptions } from "../../src/options/index";
import { type Progress, silentProgress } from "../../src/progress/index";
import { createTask, openTrainingData, runTraining } from "../../src/training/index";
import { writeCsvSet } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

/** Notes which long works were done. */
function recorder(): { done: string[]; progress: Progress } {
  const done: string[] = [];
  const start: Progress["start"] = (label, ...rest) => {
    done.push(label);
    return silentProgress.start(label, ...rest);
  };
  return { done, progress: { ...silentProgress, start } };
}

test("coordinates are computed once for a basis, and again where the basis, the split or the whitening is another", async (context) => {
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 30, 12);
  const subspaceDirectory = join(folder, "subspace");
  const build = async (more: object = {}) => {
    const options = resolveTrainingOptions({ data, size: 12, stem: "subspace", rank: 6, hidden: [3], ...more });
    const { done, progress } = recorder();
    const opened = await openTrainingData(options, { progress: silentProgress });
    const network = await createTask(options, opened, { progress, subspaceDirectory });
    const values = network.examples.test.inputs(Uint32Array.of(0, 1), undefined);
    const numbers = [...(await values.data())];
    network.model.dispose();
    opened.close();
    return { done: done.filter((label) => label === "Coordinates").length, numbers };
  };
  const first = await build();
  assert.equal(first.done, 1);
  assert.deepEqual(await build({ hidden: [5, 2], seed: 3 }), { done: 0, numbers: first.numbers });
  assert.equal((await build({ whitening: 0 })).done, 1);
  assert.equal((await build({ splitSeed: 1 })).done, 1);
  assert.equal((await build({ rank: 5 })).done, 1);
  const files = await readdir(subspaceDirectory);
  const kept = files.filter((name) => name.includes("coordinates"));
  assert.equal(kept.length, 4);
  for (const name of kept) await writeFile(join(subspaceDirectory, name), "torn");
  assert.deepEqual(await build(), { done: 1, numbers: first.numbers }, "a damaged file is made again");
  // Whole files, but with the contents of others.
  for (const name of await readdir(subspaceDirectory)) {
    const tensors = ["train", "validation", "test", "directions", "mean", "variances"];
    const one = tensors.map((tensor) => ({ name: tensor, shape: [1], data: () => Float32Array.of(1) }));
    await writeSafetensors(join(subspaceDirectory, name), one);
  }
  assert.deepEqual(await build(), { done: 1, numbers: first.numbers }, "so is one with too few values");
});

test("where a basis and coordinates cannot be kept, training goes on; a shared folder must take the basis", async (context) => {
  const folder = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(folder, "cache");
  const data = await writeCsvSet(join(folder, "data"), 30, 12);
  const options = { data, size: 12, stem: "subspace", rank: 6, hidden: [3], epochs: 2, batch: 8 } as const;
  const expected = await runTraining(options, { run: join(folder, "kept") });
  const subspace = join(folder, "cache", "subspace");
  await rm(subspace, { recursive: true });
  await writeFile(subspace, "in the way of the folder");
  const said: string[] = [];
  const progress = { ...silentProgress, say: (line: string) => void said.push(line) };
  const result = await runTraining(options, { run: join(folder, "unkept"), progress });
  assert.deepEqual(result.test, expected.test);
  const warnings = said.flatMap((line) => /^Warning: (.*) could not be kept/.exec(line)?.[1] ?? []);
  assert.deepEqual(warnings, ["principal directions", "coordinates"]);
  const shared = { run: join(folder, "shared"), subspaceDirectory: subspace };
  await assert.rejects(runTraining(options, shared), /subspace/);
});

test("a run does not go on with another basis than it began with", async (context) => {
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 30, 12);
  const [here, elsewhere] = [join(folder, "here"), join(folder, "elsewhere")];
  const options = { data, size: 12, stem: "subspace", rank: 6, hidden: [3], epochs: 4, batch: 8 } as const;
  const run = join(folder, "run");
  const controller = new AbortController();
  const stopInEpoch2 = { onEpochEnd: () => controller.abort() };
  await assert.rejects(
    runTraining(options, { run, subspaceDirectory: here, signal: controller.signal, callbacks: [stopInEpoch2] }),
  );
  const name = (await readdir(here)).find((file) => !file.includes("coordinates")) as string;
  const basis = await readFile(join(here, name));
  // The same basis with one direction turned round, as another machine may find it.
  const start = 8 + Number(basis.readBigUInt64LE());
  for (let row = 0; row < 12 * 12 * 3; row++) {
    const at = start + 4 * 6 * row;
    basis.writeFloatLE(-basis.readFloatLE(at), at);
  }
  await runTraining({ ...options, epochs: 1 }, { run: join(folder, "other"), subspaceDirectory: elsewhere });
  await writeFile(join(elsewhere, name), basis);
  await assert.rejects(
    runTraining(options, { run, resume: true, subspaceDirectory: elsewhere }),
    /other options or other images/,
  );
  await copyFile(join(here, name), join(elsewhere, name));
  const { epochs } = await runTraining(options, { run, resume: true, subspaceDirectory: elsewhere });
  assert.equal(epochs, 4);
  assert.ok((await stat(join(run, "best", "weights.safetensors"))).size > 0);
});
