import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { resolveTrainingOptions } from "../../src/options/index";
import { silentProgress } from "../../src/progress/index";
import { openTrainingData } from "../../src/training/index";
import { texturePng, writeFiles } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

test("stains are taken from a training tile, also where the table has no partitions, and tiles cannot be read", async (context) => {
  const folder = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(folder, "cache");
  const rows = ["image,label"];
  for (let i = 0; i < 20; i++) {
    rows.push(`${i}.png,${i % 2 ? "SSA" : "HP"}`);
    await writeFiles(folder, { [`data/images/${i}.png`]: await texturePng(i, 16) });
  }
  await writeFiles(folder, { "data/labels.csv": rows.join("\n") });
  const partitionsOfReferences = async () => {
    const found = new Set<string>();
    for (let splitSeed = 0; splitSeed < 8; splitSeed++) {
      const options = resolveTrainingOptions({
        ...{ data: join(folder, "data"), size: 16, stain: "reinhard" },
        ...{ splitSeed, validationFraction: 0.4, skipUnreadable: true },
      });
      const said: string[] = [];
      const progress = { ...silentProgress, say: (line: string) => void said.push(line) };
      const data = await openTrainingData(options, { progress });
      // The last one counts: the first ones may have been chosen before a tile was found to be unreadable.
      const [, name] = said.flatMap((line) => [...line.matchAll(/to those of (\S+) \(reinhard\)/g)]).at(-1) ?? [];
      found.add(data.dataset.tiles.find((tile) => tile.name === name)?.partition ?? "none");
      data.close();
    }
    return [...found];
  };
  assert.deepEqual(await partitionsOfReferences(), ["train"]);
  for (const i of [0, 7]) await writeFile(join(folder, "data", "images", `${i}.png`), "torn");
  assert.deepEqual(await partitionsOfReferences(), ["train"]);
});
