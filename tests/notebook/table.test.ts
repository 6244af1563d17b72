import assert from "node:assert/strict";
import { testCells } from "../support/notebook";

testCells(
  "rows and danfojs frames become tables, numbers aligned, markup escaped",
  [
    'import { displayTable } from "./src/notebook/index";\nimport * as danfo from "danfojs-node";',
    'displayTable([{ name: "<HP>", n: 12, auc: 0.91234 }, { name: "SSA", n: 5, auc: 1e-9 }, { name: "rare", n: 1, auc: 0.000218 }], { digits: 3 });',
    'displayTable(new danfo.DataFrame({ n: [1, 2, 3], label: ["a", "b", "c"] }), { rows: 2, caption: "first rows" });',
  ],
  ({ cells }) => {
    const [, rows, frame] = cells.map((cell) => {
      const [output] = cell.outputs ?? [];
      return output?.output_type === "display_data" ? output.data : {};
    });
    assert.equal(
      rows?.["text/plain"],
      ["name   n      auc", "<HP>  12    0.912", "SSA    5  1.00e-9", "rare   1  0.00022"].join("\n"),
    );
    assert.match(String(rows?.["text/html"]), /<td style="text-align:left">&lt;HP&gt;<\/td>/);
    assert.match(String(rows?.["text/html"]), /<td style="text-align:right">0\.912<\/td>/);
    assert.match(String(frame?.["text/html"]), /<caption>first rows<\/caption>/);
    assert.match(String(frame?.["text/plain"]), /1 more row$/);
  },
);
