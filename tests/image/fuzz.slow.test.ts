/**
 * Damaged images without end, from a seed, through `data pack`, `predict` and the server: no crash, no hang, a clear reason for each
 * that is refused, and the pixels of two independent readers where those agree. `HISTO_FUZZ_IMAGES` says how many (default 1000),
 * `HISTO_FUZZ_SEED` which.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type RunningServer, startServer } from "../../serve/server/index";
import { messageOf } from "../../src/errors/index";
import { projectRoot, readJson, writeJson } from "../../src/files/index";
import { decodePixels } from "../../src/image/index";
import { baseImages, type MutatedImage, mutatedImage } from "../support/mutated-images";
import { pythonPath, withoutPython } from "../support/python";
import { pythonPackages } from "../support/python-packages";
import { writeModel } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";

const COUNT = Number(process.env.HISTO_FUZZ_IMAGES ?? 1000);
const SEED = Number(process.env.HISTO_FUZZ_SEED ?? 1);
const CHUNK = 500;
const LONGEST_MS = 2000;
const TOLERANCE = 2;

/** All that may be said of an image that is refused, after its name. */
const REASONS = [
  /^is an empty file\.$/,
  /^is not a PNG, JPEG, WebP or TIFF image\.$/,
  /^is a TIFF [^;]+, which is not supported; save (it|only the|the) .+\.$/,
  /^is in a form that is not supported \([^()]+\); save it as PNG, or as a usual JPEG\.$/,
  /^has \d+ x \d+ pixels; a tile may have at most 4096 x 4096: cut it into tiles .+\.$/,
  /^is damaged or cut off( \(.{1,300}\))?\.$/,
];

function mustBeClear(message: string, name: string): void {
  const at = message.indexOf(name);
  assert.ok(at >= 0, `${message} does not name ${name}`);
  const reason = message.slice(at + name.length + 1);
  assert.ok(
    REASONS.some((known) => known.test(reason)),
    `${name}: no reason of the list: ${message}`,
  );
  const parts = /\((.*)\)\.$/.exec(reason)?.[1]?.split("; ") ?? [];
  assert.deepEqual(parts, [...new Set(parts)], `${name} is told the same twice: ${message}`);
}

/** What the work gives; tried once more where it takes too long, for the machine may have been busy. */
async function soon<T>(what: string, work: () => Promise<T>): Promise<T> {
  for (const last of [false, true]) {
    const started = performance.now();
    const result = await work();
    const took = performance.now() - started;
    if (took < LONGEST_MS) return result;
    assert.ok(!last, `${what} took ${(took / 1000).toFixed(1)} s`);
  }
  throw new Error("not reached");
}

/** Readable images by name, with the logit of the model. */
type Logits = ReadonlyMap<string, number>;

function histo(...argv: string[]): { status: number | null; result: Record<string, unknown> } {
  const program = [join(projectRoot(), "bin", "histo.cjs"), ...argv, "--json"];
  const { status, stdout, stderr } = spawnSync(process.execPath, program, { encoding: "utf8", maxBuffer: 1 << 28 });
  assert.ok(status === 0 || status === 1, `${argv.join(" ")} ended with ${status}: ${stderr.slice(-2000)}`);
  return { status, result: JSON.parse(stdout) };
}

function packed(data: string, images: readonly MutatedImage[]): Set<string> {
  const { result } = histo("data", "pack", "--data", data, "--size", "32", "--skip-unreadable");
  const skipped = result.skipped as { name: string; reason: string }[];
  for (const { name, reason } of skipped) mustBeClear(reason, name.split("/").at(-1) as string);
  const refused = new Set(skipped.map(({ name }) => name.split("/").at(-1)));
  assert.equal(result.images, images.length - refused.size);
  return new Set(images.map(({ name }) => name).filter((name) => !refused.has(name)));
}

function predicted(model: string, data: string): Logits {
  const { result } = histo("predict", "--model", model, "--images", data);
  const base = (name: string) => name.split("/").at(-1) as string;
  for (const { filename, message } of result.failed as { filename: string; message: string }[]) {
    mustBeClear(`${filename} ${message.replace("the image ", "")}`, base(filename));
  }
  const predictions = result.predictions as { filename: string; logit: number }[];
  return new Map(predictions.map(({ filename, logit }) => [base(filename), logit]));
}

async function served(server: RunningServer, images: readonly MutatedImage[]): Promise<Logits> {
  const logits = new Map<string, number>();
  for (const { name, content } of images) {
    const { response, answer } = await soon(`${name}, sent to the server,`, async () => {
      const options = {
        method: "POST",
        body: content as BodyInit,
        headers: { "content-type": "image/png", connection: "close" },
      };
      const response = await fetch(`${server.url}/predict`, options);
      return { response, answer: (await response.json()) as { logit: number; detail: string } };
    });
    if (response.status === 200) logits.set(name, answer.logit);
    else if (content.length > 0) {
      assert.ok([413, 415, 422].includes(response.status), `${name}: ${response.status} ${answer.detail}`);
      mustBeClear(answer.detail.replace(/^the image/, name), name);
    }
  }
  return logits;
}

/** Decodes what can be, and keeps the pixels for the comparison. */
async function decoded(folder: string, images: readonly MutatedImage[]): Promise<Set<string>> {
  const readable = new Set<string>();
  for (const { name, content } of images) {
    const result = await soon(name, () => decodePixels(content, {}, name).catch((error: Error) => error));
    if (result instanceof Error) {
      mustBeClear(messageOf(result), name);
      continue;
    }
    readable.add(name);
    await writeFile(join(folder, `${name}.0`), result.data);
    await writeFile(join(folder, name), content);
  }
  return readable;
}

interface Comparison {
  /** Images on which both readers agree. */
  readonly compared: number;
  readonly found: readonly { readonly name: string; readonly by: number }[];
}

/** Where both readers give the same and this project something else. */
async function disagreements(folder: string, names: readonly string[]): Promise<Comparison> {
  await writeJson(join(folder, "files.json"), names);
  const packages = pythonPackages("pixels", ["tifffile==2026.3.3", "imagecodecs==2026.3.6"], { alone: true });
  const script = join(projectRoot(), "tests", "image", "independent_readers.py");
  const program = ["-W", "ignore", script, folder];
  const env = { ...process.env, PYTHONPATH: packages };
  const { status } = spawnSync(pythonPath() as string, program, { env, stdio: "ignore" });
  if (status !== 0) {
    // A reader that crashes spoils no other image.
    if (names.length === 1) return { compared: 0, found: [] };
    const half = names.length >> 1;
    const [one, other] = [
      await disagreements(folder, names.slice(0, half)),
      await disagreements(folder, names.slice(half)),
    ];
    return { compared: one.compared + other.compared, found: [...one.found, ...other.found] };
  }
  const readers = await readJson<Record<string, (string | null)[]>>(join(folder, "readers.json"));
  const found: { name: string; by: number }[] = [];
  let compared = 0;
  for (const name of names) {
    if (readers[name]?.some((problem) => problem !== null)) continue;
    const [ours, first, second] = await Promise.all(
      [0, 1, 2].map((reader) => readFile(join(folder, `${name}.${reader}`))),
    );
    if (difference(first!, second!) > TOLERANCE) continue;
    compared++;
    const by = difference(ours!, first!);
    if (by > TOLERANCE) found.push({ name, by });
  }
  return { compared, found };
}

function difference(one: Uint8Array, other: Uint8Array): number {
  if (one.length !== other.length) return 256;
  return one.reduce((most, value, i) => Math.max(most, Math.abs(value - (other[i] as number))), 0);
}

async function open(t: TestContext): Promise<{ folder: string; model: string; server: RunningServer }> {
  const folder = await temporaryDirectory(t);
  process.env.HISTO_CACHE = join(folder, "cache");
  const model = await writeModel(join(folder, "model"));
  const server = await startServer({ port: 0, models: [model] });
  t.after(() => server.close());
  return { folder, model, server };
}

test(`${COUNT} damaged images: clear reasons, the same answer everywhere, right pixels`, {
  skip: withoutPython(),
}, async (t) => {
  const { folder, model, server } = await open(t);
  const bases = await baseImages();
  const table: { name: string; by: number }[] = [];
  let [read, compared] = [0, 0];
  for (let start = 0; start < COUNT; start += CHUNK) {
    const count = Math.min(CHUNK, COUNT - start);
    const images = Array.from({ length: count }, (_, i) => mutatedImage(bases, SEED, start + i));
    const [data, pixels] = [join(folder, "data"), join(folder, "pixels")];
    for (const path of [join(data, "a"), join(data, "b"), pixels]) await mkdir(path, { recursive: true });
    for (const [i, { name, content }] of images.entries())
      await writeFile(join(data, i % 2 ? "a" : "b", name), content);

    const readable = await decoded(pixels, images);
    read += readable.size;
    assert.deepEqual([...packed(data, images)].sort(), [...readable].sort());
    const byCommand = predicted(model, data);
    const byServer = await served(server, images);
    for (const logits of [byCommand, byServer]) assert.deepEqual([...logits.keys()].sort(), [...readable].sort());
    for (const [name, logit] of byCommand) assert.ok(Math.abs(logit - (byServer.get(name) as number)) < 1e-3, name);
    const comparison = await disagreements(pixels, [...readable]);
    compared += comparison.compared;
    table.push(...comparison.found);
    for (const path of [data, pixels]) await rm(path, { recursive: true });
  }
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  assert.doesNotMatch(metrics, /worker_restarts_total\{[^}]*\} [1-9]/, "the server's worker was lost");
  t.diagnostic(`${read} of ${COUNT} were read, the readers agree on ${compared}; seed ${SEED}`);
  for (const { name, by } of table) t.diagnostic(`${name}: both readers differ by ${by} levels`);
  // Both readers convert profiles by the same library, which makes something else of a damaged one than another version of it.
  assert.deepEqual(
    table.filter(({ name }) => !name.includes("-profile-")),
    [],
  );
});
