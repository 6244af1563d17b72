import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { loadDataset, meanImage, openPixelStore, projectTiles } from "../../src/dataset/index";
import { encodePng } from "../../src/image/with-sharp";
import { Random } from "../../src/random/index";
import { texture, texturePng, writeFiles } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

test("tiles that differ along two directions are laid out along them, the wider one first", async (context) => {
  const folder = await temporaryDirectory(context);
  const random = new Random(1, "plane");
  const points = Array.from({ length: 30 }, () => [random.uniform(-50, 50), random.uniform(-15, 15)] as const);
  const rows = ["image,label"];
  for (const [i, [a, b]] of points.entries()) {
    // The first direction brightens the whole tile, the second one shifts light from the top to the bottom.
    const pixels = Uint8Array.from({ length: 16 * 16 * 3 }, (_, at) => 128 + a + (at < 384 ? -b : b));
    rows.push(`${i}.png,${i % 2 ? "x" : "y"}`);
    await writeFiles(folder, { [`${i}.png`]: await encodePng(pixels, 16, 16) });
  }
  await writeFiles(folder, { "labels.csv": rows.join("\n") });
  const store = await openPixelStore(await loadDataset(folder), { size: 16, cacheDirectory: join(folder, "cache") });
  const { x, y, explained } = projectTiles(
    store,
    points.map((_, i) => store.positionOf(`${i}.png`)),
  );
  store.close();
  assert.ok(explained[0] > explained[1] && explained[0] + explained[1] > 0.99, `${explained}`);
  assert.ok(
    Math.abs(
      correlation(
        x,
        points.map(([a]) => a),
      ),
    ) > 0.99,
  );
  assert.ok(
    Math.abs(
      correlation(
        y,
        points.map(([, b]) => b),
      ),
    ) > 0.98,
  );
});

test("the mean image is the mean of the images", async (context) => {
  const folder = await writeFiles(await temporaryDirectory(context), {
    "x/1.png": await texturePng(1, 12),
    "y/2.png": await texturePng(2, 12),
    "y/3.png": await texturePng(3, 12),
  });
  const store = await openPixelStore(await loadDataset(folder), { size: 12, cacheDirectory: join(folder, ".cache") });
  const expected = texture(1, 12).map((value, i) => Math.round((value + texture(3, 12)[i]!) / 2));
  assert.deepEqual(meanImage(store, [store.positionOf("x/1.png"), store.positionOf("y/3.png")]), expected);
  store.close();
});

function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i]! - meanA) * (b[i]! - meanB);
    aa += (a[i]! - meanA) ** 2;
    bb += (b[i]! - meanB) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}
