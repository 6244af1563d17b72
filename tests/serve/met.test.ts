import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { startServer } from "../../serve/server/index";
import { loadDataset, writeSyntheticDataset } from "../../src/dataset/index";
import { exportRun } from "../../src/export/index";
import { encodePng } from "../../src/image/with-sharp";
import { runTraining } from "../../src/training/index";
import { histoHere, histoJsonHere } from "../support/histo";
import { temporaryDirectory } from "../support/temporary-directory";
import { randomPixels } from "../support/trained-run";

const SIZE = 32;
const SENT = 40;

interface Eda {
  readonly shift: {
    readonly new: { readonly images: readonly number[]; readonly differs: boolean; readonly auc: number };
  };
}

test("the images that a server met are compared with those that its model learned from", async (context) => {
  const directory = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(directory, "cache");
  const [data, run, model] = ["data", "run", "model"].map((name) => join(directory, name)) as [string, string, string];
  await writeSyntheticDataset({ out: data, images: 160, size: SIZE, seed: 3 });
  await runTraining({ data, size: SIZE, model: "colour", epochs: 1 }, { run });
  await exportRun({ run, out: model });
  const { tiles } = await loadDataset(data);
  const ofTest = tiles.filter(({ partition }) => partition === "test").slice(0, SENT);
  const kinds = {
    alike: await Promise.all(ofTest.map(({ path }) => readFile(path))),
    noise: await Promise.all(Array.from({ length: SENT }, (_, i) => encodePng(randomPixels(1, SIZE, i), SIZE, SIZE))),
  };
  for (const [kind, images] of Object.entries(kinds)) {
    const server = await startServer({ port: 0, models: [model] });
    try {
      for (const body of images) {
        const headers = { "content-type": "image/png" };
        const { status } = await fetch(`${server.url}/predict`, { method: "POST", headers, body: body as BodyInit });
        assert.equal(status, 200);
      }
      await fetch(`${server.url}/readyz`);
      const [{ name }] = (await (await fetch(`${server.url}/info`)).json()).models;
      const met = await (await fetch(`${server.url}/models/${name}/met`)).json();
      assert.deepEqual(
        [met.seen, met.features.length],
        [images.length, images.length],
        "the golden image does not count",
      );
      await writeFile(join(directory, `${kind}.json`), JSON.stringify(met));
    } finally {
      await server.close();
    }
    const { shift } = await histoJsonHere<Eda>("eda", "--data", data, "--against", join(directory, `${kind}.json`));
    assert.deepEqual(shift.new.images[1], images.length);
    assert.equal(shift.new.differs, kind === "noise", `${kind}: ${shift.new.auc}`);
  }

  const cut = join(directory, "cut.json");
  const whole = JSON.parse(await readFile(join(directory, "alike.json"), "utf8"));
  for (const [content, said] of [
    [{ ...whole, features: whole.features.map((row: number[]) => row.slice(1)) }, /other features/],
    [{ ...whole, features: [] }, /has seen none yet/],
    [{ models: [] }, /is not a response of a server/],
  ] as const) {
    await writeFile(cut, JSON.stringify(content));
    const { status, stderr } = await histoHere("eda", "--data", data, "--against", cut, "--quiet");
    assert.equal(status, 2);
    assert.match(stderr, said);
    assert.equal(stderr.trim().split("\n").length, 1);
  }
});
