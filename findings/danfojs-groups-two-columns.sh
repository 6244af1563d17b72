#!/usr/bin/env bash
# danfojs-node 1.2.0 puts rows into one group although they differ in the columns that it groups by: the slides "A-1" with block "B"
# and "A" with block "1-B" become one, and so does an inner merge on the keys ("A_B", "C") and ("A", "B_C").
#
# Expected: a group for each pair of values, and rows merged only where both keys are equal.
# Why it matters: names of slides and blocks have hyphens and underscores. Counts and means per slide mix patients, and labels come
# to tiles of another slide, without a word.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# danfojs needs these two only for Excel files and native tensors.
echo '{"overrides": {"xlsx": "npm:@e965/xlsx@0.20.3", "@tensorflow/tfjs-node": "npm:@tensorflow/tfjs@4.22.0"}}' >package.json
npm install --silent --no-audit --no-fund --save-exact danfojs-node@1.2.0 >/dev/null
node - 2>/dev/null <<'JS'
const { DataFrame, merge } = require("danfojs-node");
const { version } = require("danfojs-node/package.json");
const table = new DataFrame({ slide: ["A-1", "A"], block: ["B", "1-B"], tiles: [1, 10] });
const groups = table.groupby(["slide", "block"]).col(["tiles"]).sum().values;
console.log(`danfojs-node ${version}, ${JSON.stringify(table.values)} summed by slide and block: ${JSON.stringify(groups)}`);
const tiles = new DataFrame({ slide: ["A_B", "A"], block: ["C", "B_C"], tile: ["first", "second"] });
const labels = new DataFrame({ slide: ["A_B"], block: ["C"], label: ["SSA"] });
const merged = merge({ left: tiles, right: labels, on: ["slide", "block"], how: "inner" }).values;
console.log(`a label for ${JSON.stringify(labels.values[0].slice(0, 2))} merged: ${JSON.stringify(merged)}`);
process.exit(groups.length === 1 && groups[0][2] === 11 && merged.length === 2 ? 0 : 1);
JS
