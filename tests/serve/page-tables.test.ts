/** Tables that the page reads, and what it measures with them. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { binaryMetrics } from "../../src/evaluation/index";
import { projectRoot } from "../../src/files/index";
import { Random } from "../../src/random/index";

/** A module of the page that needs no browser; what it imports is left out. */
async function pageModule(name: string) {
  const source = await readFile(join(projectRoot(), "serve", "web", "js", name), "utf8");
  return import(`data:text/javascript,${encodeURIComponent(source.replaceAll(/^import .*$/gm, ""))}`);
}

test("a CSV is read with quotes, semicolons, Windows lines and empty fields", async () => {
  const { parseCsv } = await pageModule("csv.js");
  assert.deepEqual(parseCsv('a,b\r\n"x, ""y""",2\n\n,3\n'), [
    ["a", "b"],
    ['x, "y"', "2"],
    ["", "3"],
  ]);
  assert.deepEqual(parseCsv("\uFEFFname;class\nt.png;HP"), [
    ["name", "class"],
    ["t.png", "HP"],
  ]);
  assert.deepEqual(parseCsv('5" tile,x\nb,'), [
    ['5" tile', "x"],
    ["b", ""],
  ]);
});

test("labels are found whatever their columns are called, with 0 and 1 as well", async () => {
  const { labelsOf } = await pageModule("measures.js");
  const names = ["a.png", "b.png"];
  const table = [
    ["id", "file", "truth"],
    ["7", "tiles/A.png", "ssa"],
    ["8", "b", "HP"],
    ["9", "c.png", "HP"],
  ];
  assert.deepEqual(
    [...labelsOf(table, names, ["HP", "SSA"]).labels],
    [
      ["a.png", "SSA"],
      ["b.png", "HP"],
    ],
  );
  assert.deepEqual(
    [
      ...labelsOf(
        [
          ["n", "y"],
          ["a.png", "1"],
        ],
        names,
        ["HP", "SSA"],
      ).labels,
    ],
    [["a.png", "SSA"]],
  );
  assert.throws(
    () =>
      labelsOf(
        [
          ["n", "y"],
          ["x.png", "1"],
        ],
        names,
        ["HP", "SSA"],
      ),
    /No column .* names an image/,
  );
});

test("images of the same name in several folders get the labels of their own folder, or none", async () => {
  const { labelsOf } = await pageModule("measures.js");
  const names = ["hp/001.png", "ssa/001.png", "ssa/v.1.png", "ssa/v.2.png"];
  const labelled = (...rows: [string, string][]) => {
    const { labels } = labelsOf([["file", "label"], ...rows], names, ["HP", "SSA"]);
    return names.map((name) => labels.get(name));
  };
  assert.deepEqual(labelled(["mine/hp/001.png", "HP"], ["mine/ssa/001.png", "SSA"]), [
    "HP",
    "SSA",
    undefined,
    undefined,
  ]);
  assert.deepEqual(labelled(["HP\\001", "SSA"], ["001.png", "HP"]), ["SSA", undefined, undefined, undefined]);
  assert.deepEqual(labelled(["v.1", "HP"], ["v.2", "SSA"]), [undefined, undefined, "HP", "SSA"]);
  assert.throws(() => labelled(["hp/001.png", "HP"], ["hp/001.png", "SSA"]), /both HP and SSA for hp\/001\.png/);
});

test("a table of answers is compared by its labels, not by its answers or a column of folds", async () => {
  const { labelsOf } = await pageModule("measures.js");
  const table = [
    ["filename", "predicted_class", "fold", "label"],
    ["a.png", "SSA", "0", "HP"],
    ["b.png", "HP", "1", "SSA"],
    ["c.png", "HP", "1", ""],
  ];
  const { labels, column } = labelsOf(table, ["a.png", "b.png", "c.png"], ["HP", "SSA"]);
  assert.equal(column, "label");
  assert.deepEqual(Object.fromEntries(labels), { "a.png": "HP", "b.png": "SSA" });
  const answers = table.map((row) => row.slice(0, 2));
  assert.throws(() => labelsOf(answers, ["a.png"], ["HP", "SSA"]), /No column of this table holds HP or SSA/);
});

test("the page's measures are those of the commands, ties and all", async () => {
  const { measure } = await pageModule("measures.js");
  const random = new Random(3, "rows");
  const rows = Array.from({ length: 200 }, () => {
    const positive = random.chance(0.4);
    return { positive, probability: Math.round((random.uniform(0, 0.7) + (positive ? 0.3 : 0)) * 20) / 20 };
  });
  const expected = binaryMetrics(
    rows.map(({ positive }) => (positive ? 1 : 0)),
    rows.map(({ probability }) => probability),
    { threshold: 0.5, interval: false },
  );
  const { n, accuracy, sensitivity, specificity, rocAuc } = measure(rows, 0.5);
  assert.equal(n, 200);
  for (const [ours, theirs] of [
    [accuracy, expected.accuracy],
    [sensitivity, expected.recall],
    [specificity, expected.specificity],
    [rocAuc, expected.rocAuc],
  ] as const) {
    assert.ok(Math.abs(ours - theirs) < 1e-12, `${ours} for ${theirs}`);
  }
});
