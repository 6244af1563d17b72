import assert from "node:assert/strict";
import fs, { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadDataset, packPixels } from "../../../src/dataset/index";
import { StoreFile } from "../../../src/dataset/store/index";
import { writeCsvSet } from "../../support/data-sets";
import { temporaryDirectory } from "../../support/temporary-directory";

test("a store that another process replaces at the moment of opening is read as it was", async (context) => {
  const paths: string[] = [];
  for (const count of [3, 5]) {
    const cacheDirectory = await temporaryDirectory(context);
    const data = await writeCsvSet(join(cacheDirectory, "data"), count);
    const { store, path } = await packPixels(await loadDataset(data), { size: 16, cacheDirectory });
    store.close();
    paths.push(path);
  }
  const [path, other] = paths as [string, string];
  const { openSync } = fs;
  context.mock.method(fs, "openSync", (...args: Parameters<typeof openSync>) => {
    const descriptor = openSync(...args);
    if (existsSync(other)) fs.renameSync(other, path);
    return descriptor;
  });
  const [first, second] = [StoreFile.open(path), StoreFile.open(path)];
  assert.deepEqual([first?.names.length, second?.names.length], [3, 5]);
  first?.close();
  second?.close();
});
