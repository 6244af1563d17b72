import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { readJson } from "../../src/files/index";
import type { ModelCard } from "../../src/model-directory/index";
import { histoHere, histoJsonHere } from "../support/histo";
import { temporaryDirectory } from "../support/temporary-directory";

test("a model trained on drawn tiles says so wherever it answers", async (context) => {
  const directory = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(directory, "cache");
  const data = join(directory, "data");
  const succeed = async (...argv: string[]) => {
    const { status, stderr } = await histoHere(...argv);
    assert.equal(status, 0, stderr);
    return stderr;
  };
  const modelOf = async (name: string) => {
    const [run, model] = [join(directory, `${name}-run`), join(directory, name)];
    await succeed(
      "train",
      "--data",
      data,
      "--size",
      "16",
      "--hidden",
      "4",
      "--epochs",
      "1",
      "--run",
      run,
      "--no-track",
    );
    await succeed("export", "--run", run, "--out", model, "--no-track");
    const { trainedOn } = await readJson<ModelCard>(join(model, "model.json"));
    return { trainedOn, said: await succeed("predict", "--model", model, "--images", join(data, "images")) };
  };

  await succeed("data", "synth", "--out", data, "--images", "20", "--size", "16");
  const drawn = await modelOf("drawn");
  assert.equal(drawn.trainedOn?.drawn, true);
  assert.equal(
    Object.values(drawn.trainedOn.tiles).reduce((sum, tiles) => sum + tiles, 0),
    20,
  );
  assert.match(drawn.said, /trained on drawn tiles/);
  const table = join(directory, "answers.csv");
  await succeed("predict", "--model", join(directory, "drawn"), "--images", join(data, "images"), "--out", table);
  const [head, ...rows] = (await readFile(table, "utf8")).trimEnd().split("\n");
  assert.match(head ?? "", /,trained_on_drawn_tiles$/);
  assert.ok(rows.length === 20 && rows.every((row) => row.endsWith(",true")));
  const answer = await histoJsonHere<{ trainedOnDrawnTiles: boolean }>(
    ...["predict", "--model", join(directory, "drawn"), "--images", join(data, "images")],
  );
  assert.equal(answer.trainedOnDrawnTiles, true);

  await rm(join(data, "DRAWN.txt"));
  const other = await modelOf("other");
  assert.equal(other.trainedOn?.drawn, false);
  assert.doesNotMatch(other.said, /drawn/);
});
