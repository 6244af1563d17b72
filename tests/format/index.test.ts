import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bounds,
  bracket,
  counted,
  decimal,
  escapeMarkdown,
  interval95,
  markdownTable,
  measured,
  percent,
  plainDecimal,
  seconds,
  textTable,
  withInterval,
} from "../../src/format/index";

test("numbers that do not exist become a dash in tables and a word in logs", () => {
  assert.deepEqual(
    [decimal(0.86449), decimal(2, 0), decimal(Number.NaN), decimal(undefined)],
    ["0.864", "2", "–", "–"],
  );
  assert.deepEqual([plainDecimal(0.5, 4), plainDecimal(null)], ["0.5000", "undefined"]);
  assert.deepEqual(
    [interval95([0.6361, 0.827]), interval95([-0.01, 0.02], 2), interval95([Number.NaN, Number.NaN]), interval95(null)],
    [" (95 % 0.636 to 0.827)", " (95 % -0.01 to 0.02)", "", ""],
  );
  const none = [[Number.NaN, Number.NaN], [null, null], null, undefined];
  assert.deepEqual(
    none.flatMap((ends) => [bounds(ends), withInterval(0.5, ends), measured(0.5, ends)]),
    none.flatMap(() => ["", "0.500", "0.500 "]),
  );
  assert.deepEqual(
    [bounds([0.1, 0.25], 1), withInterval(0.876, [0.856, 0.8971]), withInterval(0, [-0.1, 0.1]), bracket([0.1, 0.2])],
    ["0.1 to 0.3", "0.876 (0.856–0.897)", "0.000 (-0.100 to 0.100)", '<span class="ci">(0.100–0.200)</span>'],
  );
  assert.deepEqual([percent(0.8644), percent(1 / 0)], ["86.4 %", "–"]);
});

test("counts have their plural, durations their unit", () => {
  assert.deepEqual(
    [1, 0, 1200, 12_000].map((count) => counted(count, "tile")),
    ["1 tile", "0 tiles", "1200 tiles", "12,000 tiles"],
  );
  assert.deepEqual([0, 0.0124, 0.84, 42.4, 185].map(seconds), ["0.0 s", "12 ms", "0.8 s", "42 s", "3 min 05 s"]);
});

test("a table has columns as wide as their widest cell, with numbers aligned right", () => {
  const rows = [
    ["µm", "-0.25"],
    ["weights", "12 %"],
  ];
  assert.equal(
    textTable(["name", "n"], rows),
    ["name     n", "-------  -----", "µm       -0.25", "weights   12 %"].join("\n"),
  );
  assert.equal(markdownTable(["a", "b"], [["1", "x|y"]]), "| a | b |\n| --- | --- |\n| 1 | x\\|y |");
});

test("names are shown by Markdown as they are, and usual ones are written as they are", () => {
  for (const [name, written] of [
    ["<x>", "\\<x\\>"],
    ["*a* _b_ `c` [d](e) ~f~", "\\*a\\* \\_b\\_ \\`c\\` \\[d\\](e) \\~f\\~"],
    ["$5 \\ &amp; H&E", "\\$5 \\\\ \\&amp; H&E"],
    ["# 1\nline", "\\# 1 line"],
    ["1. benign 2. malignant", "1\\. benign 2. malignant"],
    ["10) 1.5", "10\\) 1.5"],
    ["efficientnet_lite2-a.b (0.5)", "efficientnet_lite2-a.b (0.5)"],
  ] as const) {
    assert.equal(escapeMarkdown(name), written);
  }
  assert.equal(markdownTable([escapeMarkdown("a|<b>")], []), "| a\\|\\<b\\> |\n| --- |");
});
