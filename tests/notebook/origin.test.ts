import assert from "node:assert/strict";
import { join } from "node:path";
import { writeSyntheticDataset } from "../../src/dataset/index";
import { testCells } from "../support/notebook";
import { sharedDirectory } from "../support/temporary-directory";

const folder = sharedDirectory();

testCells(
  "drawn tiles are called drawn, real ones are left without a word",
  [
    'import { displayOrigin } from "./src/notebook/index";',
    `displayOrigin(${JSON.stringify(join(folder, "drawn"))});`,
    `displayOrigin(${JSON.stringify(folder)});`,
  ],
  ({ cells }) => {
    const [, drawn, real] = cells.map(({ outputs = [] }) => JSON.stringify(outputs));
    assert.match(drawn ?? "", /drawn by a program/);
    assert.equal(real, "[]");
  },
  () => writeSyntheticDataset({ out: join(folder, "drawn"), images: 10, size: 32 }),
);
