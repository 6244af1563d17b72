import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { readPredictions } from "../../src/evaluation/index";
import { cacheDirectory, readJson, writeJson, writeSafetensors } from "../../src/files/index";
import type { TrainingOptions } from "../../src/options/index";
import { silentProgress } from "../../src/progress/index";
import { type RunConfig, RunDirectory } from "../../src/runs/index";
import { runLearningRateRange, runTraining } from "../../src/training/index";
import {
  BACKBONE_FEATURES,
  type BackboneFileOptions,
  type BackboneKind,
  BACKBONE_SIZE as SIZE,
  writeBackbone,
} from "../support/backbone-file";
import { drawnSet } from "../support/data-sets";
import { checkExport } from "../support/exported-run";
import { startHub } from "../support/hub";
import { temporaryDirectory } from "../support/temporary-directory";

interface Case {
  readonly kind: BackboneKind;
  readonly file?: BackboneFileOptions;
  readonly options?: Partial<TrainingOptions>;
  /** What transformers keeps beside an export. */
  readonly preprocessor?: object;
}

const cases: Readonly<Record<string, Case>> = {
  "gives a vector": { kind: "vector" },
  "gives patches without a class token": { kind: "tokens" },
  "gives a class token and patches": { kind: "class-token" },
  "gives a class token and patches, of which the mean is wanted": {
    kind: "class-token",
    options: { backbonePool: "mean" },
  },
  "gives a class token and patches, of which both are wanted": {
    kind: "class-token",
    options: { backbonePool: "first-and-mean" },
  },
  "gives a map": { kind: "map" },
  "has several outputs": { kind: "two-outputs", options: { backboneOutput: "Pooled_Output" } },
  "has its weights in another file": { kind: "vector", file: { weightsIn: "backbone.onnx.data" } },
  "leaves all axes open and is normalized in its own way": {
    kind: "class-token",
    file: { openAxes: true },
    preprocessor: { image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5], rescale_factor: 1 / 127.5, size: SIZE },
  },
  "is normalized as the user says": {
    kind: "vector",
    options: { backboneMean: [0, 0.1, 0.2], backboneStd: [1, 0.5, 0.25] },
  },
};

async function prepared(context: TestContext) {
  const directory = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(directory, "cache");
  const data = await drawnSet({ images: 60, size: SIZE, seed: 4 });
  return { directory, data, run: join(directory, "run"), file: join(directory, "backbone", "backbone.onnx") };
}

for (const [name, { kind, file: how, options, preprocessor }] of Object.entries(cases)) {
  test(`a head on a frozen backbone that ${name} becomes one ONNX model`, async (context) => {
    const { directory, data, run, file } = await prepared(context);
    await writeBackbone(file, kind, how);
    if (preprocessor) await writeJson(join(file, "..", "preprocessor_config.json"), preprocessor);
    const settings = { data, size: SIZE, model: `backbone:${file}`, epochs: 3, lr: 0.01, ...options };
    const result = await runTraining(settings, { run });
    assert.ok(Number.isFinite(result.test.rocAuc));
    const again = await runTraining(settings, { run: join(directory, "again") });
    assert.deepEqual(again.test, result.test, "the cached embeddings are the same");
    const { parameters } = await readJson<RunConfig>(new RunDirectory(run).config);
    const width = options?.backbonePool === "first-and-mean" ? 2 * BACKBONE_FEATURES : BACKBONE_FEATURES;
    assert.equal(parameters, BACKBONE_FEATURES * 3 * 25 + width * (2 + 1) + 1, "kernel, shift and scale, head");
    await rm(join(file, ".."), { recursive: true }); // the run holds its own copy
    await checkExport(context, run, data);
  });
}

test("the mean over eight views, two backbones and colour side by side become one ONNX model", async (context) => {
  const { directory, data, run, file } = await prepared(context);
  await writeBackbone(file, "class-token", { opset: 20, weightsIn: "weights.bin" });
  const other = join(directory, "other", "backbone.onnx");
  await writeBackbone(other, "map", { opset: 20, weightsIn: "weights.bin" });
  const model = `backbone:${file},${other}`;
  await runTraining({ data, model, extraFeatures: "colour", views: 8 }, { run });
  const { size, architecture, pretrained } = await readJson<RunConfig>(new RunDirectory(run).config);
  assert.equal(size, SIZE, "the size that the backbones take");
  assert.match(architecture, /^backbones-180-1$/);
  assert.deepEqual(
    pretrained?.map(({ name }) => name),
    [file, other],
  );
  await checkExport(context, run, data);
  const one = join(directory, "one-view");
  // Some repeat the prefix.
  await runTraining({ data, model: `backbone:${file}, backbone:${other}`, extraFeatures: "colour" }, { run: one });
  const logits = async (path: string) =>
    (await readPredictions(new RunDirectory(path).predictions("test"))).map(({ logit }) => logit);
  assert.notDeepEqual(await logits(one), await logits(run));
  await writeBackbone(other, "map");
  await assert.rejects(runTraining({ data, model, views: 8 }, { run: `${run}-mixed` }), {
    code: "BACKBONE_UNSUPPORTED",
    message: /operator set 17/,
  });
});

test("embeddings are computed once for a data set, and a run that was stopped goes on where it was", async (context) => {
  const { data, run, file } = await prepared(context);
  await writeBackbone(file, "vector");
  const settings = { data, model: `backbone:${file}`, views: 8 };
  const controller = new AbortController();
  /** Stops when half of the views are done; notes whether anything is computed. */
  const watched = (stopAt: number) => {
    const seen: number[] = [];
    const start = (label: string) => ({
      update(done: number) {
        if (!label.startsWith("Embeddings")) return;
        seen.push(done);
        if (done >= stopAt) controller.abort(new Error("stopped"));
      },
      finish: () => undefined,
    });
    return { seen, progress: { start, say: () => undefined } };
  };
  const stopped = watched(240);
  await assert.rejects(
    runTraining(settings, { run, progress: stopped.progress, signal: controller.signal }),
    /stopped|Stopped/,
  );
  const second = watched(Number.POSITIVE_INFINITY);
  await runTraining(settings, { run, progress: second.progress });
  assert.ok(second.seen[0]! >= 180, `went on at ${second.seen[0]}`);
  const third = watched(Number.POSITIVE_INFINITY);
  await runTraining(settings, { run: `${run}-again`, progress: third.progress });
  assert.deepEqual(third.seen, []);
  const cache = join(cacheDirectory(), "embeddings");
  const damaged = (await readdir(cache, { recursive: true })).filter((name) => name.endsWith("view-3-0.safetensors"));
  for (const name of damaged) await truncate(join(cache, name), 100);
  const fourth = watched(Number.POSITIVE_INFINITY);
  await runTraining(settings, { run: `${run}-damaged`, progress: fourth.progress });
  assert.equal(fourth.seen.at(0), 3 * 60 + 16, "only the damaged view is computed again");
  const few = [{ name: "embeddings", shape: [1, 1], data: () => Float32Array.of(1) }];
  for (const name of damaged)
    await writeSafetensors(join(cache, name), few, { rank: "2", pooling: "none", prefix: "0" });
  const fifth = watched(Number.POSITIVE_INFINITY);
  await runTraining(settings, { run: `${run}-few`, progress: fifth.progress });
  assert.equal(fifth.seen.at(0), 3 * 60 + 16, "so is one with too few rows");
});

test("where embeddings cannot be kept, training goes on and says so once", async (context) => {
  const { data, run, file } = await prepared(context);
  await writeBackbone(file, "vector");
  const settings = { data, model: `backbone:${file}`, views: 8 };
  const { test: expected } = await runTraining(settings, { run });
  await rm(join(cacheDirectory(), "embeddings"), { recursive: true });
  await writeFile(join(cacheDirectory(), "embeddings"), "in the way of the folder");
  const said: string[] = [];
  const progress = { ...silentProgress, say: (line: string) => void said.push(line) };
  const result = await runTraining(settings, { run: `${run}-again`, progress });
  assert.deepEqual(result.test, expected);
  const warnings = said.filter((line) => line.startsWith("Warning: embeddings could not be kept"));
  assert.equal(warnings.length, 1, said.join("\n"));
});

test("a run does not go on with another backbone than it began with", async (context) => {
  const { data, run, file } = await prepared(context);
  await writeBackbone(file, "vector");
  const settings = { data, model: `backbone:${file}`, hidden: [4], epochs: 3, batch: 8, lr: 0.01 };
  const controller = new AbortController();
  const callbacks = [{ onEpochEnd: () => controller.abort() }];
  await assert.rejects(runTraining(settings, { run, signal: controller.signal, callbacks }), { code: "INTERRUPTED" });
  await writeBackbone(file, "tokens"); // as many features, but others
  await assert.rejects(runTraining(settings, { run, resume: true }), { code: "CHECKPOINT_OTHER_RUN" });
  await writeBackbone(file, "vector");
  const preprocessor = join(file, "..", "preprocessor_config.json");
  await writeJson(preprocessor, { image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] });
  await assert.rejects(runTraining(settings, { run, resume: true }), { code: "CHECKPOINT_OTHER_RUN" });
  await rm(preprocessor);
  assert.equal((await runTraining(settings, { run, resume: true })).epochs, 3);
});

test("a range test takes the size that the backbone takes", async (context) => {
  const { data, file } = await prepared(context);
  await writeBackbone(file, "vector");
  const options = { data, model: `backbone:${file}`, hidden: [4], batch: 8 };
  const { points } = await runLearningRateRange(options, { steps: 20 });
  assert.ok(points.length > 0);
});

for (const [name, options] of Object.entries({
  "a CNN": { model: "cnn" },
  "an MLP in a subspace": { stem: "subspace", rank: 8, hidden: [8], extraFeatures: "colour" },
} as const)) {
  test(`the mean over eight views is what ${name} answers with after export`, async (context) => {
    const { data, run } = await prepared(context);
    await runTraining({ data, size: SIZE, epochs: 1, views: 8, precision: "fp32", ...options }, { run });
    await checkExport(context, run, data);
  });
}

test("normalization and pooling make a difference", async (context) => {
  const { directory, data, file } = await prepared(context);
  await writeBackbone(file, "class-token");
  const settings = { data, size: SIZE, model: `backbone:${file}`, epochs: 1, lr: 0.01 };
  const logits = async (name: string, options: Partial<TrainingOptions>) => {
    const run = join(directory, name);
    await runTraining({ ...settings, ...options }, { run });
    return (await readPredictions(new RunDirectory(run).predictions("test"))).map(({ logit }) => logit);
  };
  const first = await logits("first", {});
  assert.notDeepEqual(await logits("mean", { backbonePool: "mean" }), first);
  assert.notDeepEqual(await logits("normal", { backboneMean: [0.9, 0.1, 0.1], backboneStd: [0.1, 1, 1] }), first);
});

test("a backbone by name comes from the hub once, and is there without it afterwards", async (context) => {
  const { directory, data, run, file } = await prepared(context);
  const repository = join(directory, "hub", "somebody", "small-vit");
  await writeBackbone(join(repository, "onnx", "model.onnx"), "class-token", {
    openAxes: true,
    weightsIn: "model.onnx_data",
  });
  const preprocessor = { image_mean: [0.5, 0.5, 0.5], image_std: [0.25, 0.25, 0.25], size: { height: SIZE } };
  await writeJson(join(repository, "preprocessor_config.json"), preprocessor);
  const hub = await startHub(context, join(directory, "hub"));
  process.env.HF_ENDPOINT = hub.url;
  context.after(() => {
    delete process.env.HF_ENDPOINT;
  });
  const settings = { data, size: SIZE, epochs: 2, lr: 0.01 };
  const byName = await runTraining({ ...settings, model: "backbone:hf:somebody/small-vit" }, { run });
  await checkExport(context, run, data);

  await assert.rejects(
    runTraining({ ...settings, model: "backbone:hf:somebody/else" }, { run: join(directory, "none") }),
    { code: "BACKBONE_MISSING", message: /somebody\/else/ },
  );
  await hub.stop();
  const offline = await runTraining({ ...settings, model: "backbone:hf:somebody/small-vit" }, { run: `${run}-2` });
  assert.deepEqual(offline.test, byName.test);
  await mkdir(join(file, ".."));
  await writeBackbone(file, "class-token");
  const values = { backboneMean: [0.5, 0.5, 0.5], backboneStd: [0.25, 0.25, 0.25] };
  const byFile = await runTraining({ ...settings, ...values, model: `backbone:${file}` }, { run: `${run}-3` });
  assert.deepEqual(byFile.test, byName.test, "the same weights from a file, normalized alike");
  await assert.rejects(
    runTraining({ ...settings, model: "backbone:hf:somebody/small-vit@other" }, { run: join(directory, "none") }),
    { code: "BACKBONE_UNREACHABLE", message: /hf:somebody\/small-vit@other.*127\.0\.0\.1.*file/ },
  );
});

test("files that cannot be a backbone are refused with the reason", async (context) => {
  const directory = await temporaryDirectory(context);
  const data = await drawnSet({ images: 20, size: 16 });
  const file = join(directory, "backbone.onnx");
  const model = `backbone:${file}`;
  const attempt = (options: Partial<TrainingOptions>) =>
    runTraining({ data, size: 16, model, ...options }, { run: join(directory, "run") });
  await assert.rejects(attempt({}), { code: "BACKBONE_MISSING" });
  await assert.rejects(attempt({ model: "backbone:efficientnet-lite9" }), {
    code: "BACKBONE_UNKNOWN",
    message: /neither a file .*efficientnet-lite9 nor a packaged network.*efficientnet-lite0, efficientnet-lite2/,
  });
  const folder = { model: `backbone:${directory}` };
  await assert.rejects(attempt(folder), { code: "BACKBONE_UNSUPPORTED", message: /it is a folder; it holds no ONNX/ });
  await writeFile(file, "not a model");
  await assert.rejects(attempt({}), { code: "BACKBONE_UNSUPPORTED" });
  await assert.rejects(attempt(folder), { message: /it is a folder; name a file in it: backbone\.onnx\.$/ });
  await writeBackbone(file, "vector");
  await assert.rejects(attempt({}), { code: "BACKBONE_SIZE", message: /--size 32/ });
  await assert.rejects(attempt({ backboneOutput: "logits" }), { code: "BACKBONE_UNSUPPORTED", message: /features/ });
  await assert.rejects(attempt({ augment: "jitter" }), { code: "AUGMENTATION_UNKNOWN" });
  await assert.rejects(attempt({ backboneMean: [0.5] }), { code: "OPTION_RANGE", message: /--backbone-mean/ });
  await writeBackbone(file, "vector", { dynamic: true });
  await assert.rejects(attempt({}), { code: "BACKBONE_UNSUPPORTED", message: /DynamicQuantizeLinear.*of its batch/ });
  await writeBackbone(file, "vector", { weightsIn: "weights.bin" });
  await rm(join(directory, "weights.bin"));
  await assert.rejects(attempt({}), { code: "BACKBONE_UNSUPPORTED", message: /weights\.bin/ });
  await assert.rejects(attempt({ model: "backbone:hf:nobody" }), { code: "BACKBONE_NAME" });
  for (const model of ["backbone:", `backbone:${file},`]) {
    await assert.rejects(attempt({ model }), { code: "BACKBONE_NAME", message: /lacks the name/ });
  }
  for (const [options, reason] of [
    [{ secondInput: true }, /2 inputs instead of one/],
    [{ elementType: 10 }, /not float32 with four axes/],
    [{ imageShape: ["n", 3072] }, /not float32 with four axes/],
    [{ imageShape: ["n", 1, 32, 32] }, /no axis of three channels/],
    [{ imageShape: ["n", 3, 32, 48] }, /images of 48x32 pixels/],
    [{ imageShape: [1, 3, 32, 32] }, /batch axis is fixed at 1/],
  ] as const) {
    await writeBackbone(file, "vector", options);
    await assert.rejects(attempt({ size: 32 }), { code: "BACKBONE_UNSUPPORTED", message: reason });
  }
  const whole = await readFile(file);
  await writeFile(file, whole.subarray(0, whole.length / 2));
  await assert.rejects(attempt({ size: 32 }), { code: "BACKBONE_UNSUPPORTED", message: /not an ONNX file/ });
  await writeBackbone(file, "vector", { broken: true });
  await assert.rejects(attempt({ size: 32 }), {
    code: "BACKBONE_UNSUPPORTED",
    message: /are not finite numbers/,
  });
  assert.equal(existsSync(join(directory, "run")), false, "no run is left of any");
});
