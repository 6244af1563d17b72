import assert from "node:assert/strict";
import { testCells } from "../support/notebook";

testCells(
  "work in a cell shows one line, which ends as its summary",
  [
    'import { cellProgress } from "./src/notebook/index";',
    [
      'const task = cellProgress().start("Reading tiles", 10, "tiles");',
      "for (let done = 1; done <= 10; done++) {",
      "  task.update(done);",
      "  await new Promise((resolve) => setTimeout(resolve, 50));",
      "}",
      'task.finish("10 tiles");',
    ].join("\n"),
  ],
  ({ cells }) => {
    const [output, ...others] = cells[1]?.outputs ?? [];
    assert.deepEqual(others, []);
    assert.ok(output?.output_type === "display_data");
    assert.match(String(output.data["text/plain"]), /^Reading tiles: 10 tiles \(0\.\d s\)$/);
  },
);
