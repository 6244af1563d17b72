import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { compareTechniques, type SeedSpread, TECHNIQUES, type TechniqueComparison } from "../../src/experiments/index";
import { readJson, takeLock } from "../../src/files/index";
import type { ModelCard } from "../../src/model-directory/index";
import { proportionalHidden } from "../../src/models/registry/index";
import { drawnSet } from "../support/data-sets";
import { histoHere } from "../support/histo";
import { temporaryDirectory } from "../support/temporary-directory";

test("the reference network's proportions hold at any size", async () => {
  assert.deepEqual(proportionalHidden(224), [2352, 2352, 294]);
  assert.deepEqual(proportionalHidden(96), [432, 432, 54]);
});

test("the help names every technique", async () => {
  const { stdout } = await histoHere("compare", "--help");
  for (const { name } of TECHNIQUES) assert.match(stdout, new RegExp(`\\b${name}\\b`));
});

test("unknown techniques are named", async () => {
  await assert.rejects(compareTechniques({ data: "nowhere", out: "nowhere", models: ["mlp", "forest"], size: 32 }), {
    code: "TECHNIQUE_UNKNOWN",
    message: /forest is not among colour, mlp/,
  });
});

test("a technique that fails is a marked row, the others go on, and the command ends with 1", async (context) => {
  const directory = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(directory, "cache");
  const [data, out] = [await drawnSet({ images: 60, size: 20 }), join(directory, "out")];
  // The ViT cannot cut 20 pixels into patches of 8.
  const place = ["--data", data, "--out", out, "--size", "20", "--epochs", "1", "--no-track"];
  const compared = await histoHere("compare", ...place, "--models", "vit,colour", "--json");
  assert.equal(compared.status, 1, compared.stderr);
  const { rows, failed, verdict } = JSON.parse(compared.stdout) as TechniqueComparison;
  assert.deepEqual(
    rows.map(({ name }) => name),
    ["colour"],
  );
  const reason = "Training vit failed: --size 20 must be a multiple of the patch size, 8.";
  assert.deepEqual(failed, [{ name: "vit", title: "small ViT", size: 20, reason }]);
  assert.equal(verdict, "Nothing was compared with the colour baseline.");
  assert.deepEqual((await readJson<TechniqueComparison>(join(out, "comparison.json"))).failed, failed);
  assert.ok((await readFile(join(out, "comparison.html"), "utf8")).includes(reason));
  const said = await histoHere("compare", ...place, "--models", "vit");
  assert.equal(said.status, 1, said.stderr);
  assert.match(said.stdout, /^small ViT +failed$/m);
  assert.ok(said.stdout.includes(`small ViT failed: ${reason}`), said.stdout);
});

test("several seeds give a mean and a standard deviation for each technique, and are kept", async (context) => {
  const directory = await temporaryDirectory(context);
  const [data, out] = [await drawnSet({ images: 60, size: 16 }), join(directory, "out")];
  const place = ["--data", data, "--out", out, "--size", "16", "--epochs", "2", "--no-track", "--models", "colour,mlp"];
  place.push("--partition-column", "none");
  const compared = await histoHere("compare", ...place, "--seed", "4", "--seeds", "2", "--json");
  assert.equal(compared.status, 0, compared.stderr);
  const { seed, rows, overSeeds } = JSON.parse(compared.stdout) as TechniqueComparison & { overSeeds: SeedSpread[] };
  assert.equal(seed, 4);
  assert.equal(compared.stderr.split("has no test partition").length, 2, "four trainings read one set");
  assert.deepEqual(
    overSeeds.map(({ name, seeds }) => [name, seeds]),
    rows.map(({ name }) => [name, 2]),
  );
  const other = await readJson<TechniqueComparison>(join(out, "seed-5", "comparison.json"));
  const [a, b] = [rows, other.rows].map((some) => some.find(({ name }) => name === "mlp")!.test.rocAuc);
  const { mean, std } = overSeeds.find(({ name }) => name === "mlp")!.test.rocAuc!;
  assert.ok(Math.abs(mean - (a! + b!) / 2) < 1e-12);
  assert.ok(Math.abs(std! - Math.abs(a! - b!) / Math.SQRT2) < 1e-12);
  assert.notEqual(a, b, "seeds change the training");
  const again = await histoHere("compare", ...place, "--seed", "4", "--seeds", "2");
  assert.match(again.stdout, /^over seeds +seeds +validation AUC/m);
  assert.match(again.stdout, /^MLP on pixels +2 +0\.\d{3} ± 0\.\d{3} /m);
});

test("without a network the pretrained technique is a marked row, and no failure", async (context) => {
  const directory = await temporaryDirectory(context);
  const data = await drawnSet({ images: 60, size: 16 });
  const offline = {
    HISTO_CACHE: join(directory, "cache"),
    PIP_INDEX_URL: "http://127.0.0.1:9/simple",
    PIP_RETRIES: "0",
  };
  Object.assign(process.env, offline);
  context.after(() => {
    for (const name of Object.keys(offline)) delete process.env[name];
  });
  const place = ["--data", data, "--out", join(directory, "out"), "--size", "16", "--epochs", "1", "--no-track"];
  const { status, stdout } = await histoHere("compare", ...place, "--models", "colour,pretrained", "--json");
  assert.equal(status, 0);
  const { rows, failed } = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as TechniqueComparison;
  assert.deepEqual(
    rows.map(({ name }) => name),
    ["colour"],
  );
  assert.equal(failed[0]?.name, "pretrained");
  assert.match(failed[0]?.reason ?? "", /cannot be fetched from the package index/);
});

test("the card of the best of several choices says so, and says how many they were", async (context) => {
  const directory = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(directory, "cache");
  const [data, out] = [await drawnSet({ images: 60, size: 16 }), join(directory, "out")];
  const place = ["--data", data, "--out", out, "--size", "16", "--epochs", "1", "--no-track", "--models"];
  const { status, stderr } = await histoHere("compare", ...place, "mlp-subspace,colour");
  assert.equal(status, 0, stderr);
  assert.match(stderr, /MLP in a subspace \(2 of 2\)/);
  const cardOf = (name: string) => readJson<ModelCard>(join(out, name, "model", "model.json"));
  assert.equal((await cardOf("mlp-subspace")).selection?.bestOf, 3);
  assert.equal((await cardOf("colour")).selection?.bestOf, undefined);
  const page = await readFile(join(out, "mlp-subspace", "model", "MODEL_CARD.md"), "utf8");
  assert.match(page, /the best of 3 that were tried, by the AUC on validation/);
});

test("a comparison leaves alone what another process compares or trains", async (context) => {
  const out = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(out, "cache");
  const data = await drawnSet({ images: 60, size: 16 });
  const compare = () => compareTechniques({ data, out, models: ["colour"], size: 16, epochs: 1 });
  // What a killed comparison leaves: its training goes on until it next reports.
  const kept = join(out, "colour", "history.jsonl");
  await mkdir(join(out, "colour"));
  await writeFile(kept, "");
  const refusal = () => new Error("held");
  const unlock = await takeLock(join(out, "colour", "lock"), refusal);
  const { failed } = await compare();
  unlock();
  assert.match(failed[0]?.reason ?? "", new RegExp(`process ${process.pid} is training there`));
  assert.equal(await readFile(kept, "utf8"), "");
  const whole = await takeLock(join(out, "lock"), refusal);
  await assert.rejects(compare(), { code: "COMPARISON_BUSY" });
  whole();
  const { rows } = await compare();
  assert.equal(rows[0]?.name, "colour");
});
