#!/usr/bin/env bash
# danfojs-node 1.2.0 leaves a missing value out of a column's mean and count, but not out of those of groups: there the mean is NaN
# and the count includes it. sortValues with a missing value does not sort the others either.
#
# Expected: the same mean and count for a column as for its only group, and the present values in order.
# Why it matters: a tile without a score makes the mean of its whole slide NaN, and a list of the tiles with the highest scores
# has others on top.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# danfojs needs these two only for Excel files and native tensors.
echo '{"overrides": {"xlsx": "npm:@e965/xlsx@0.20.3", "@tensorflow/tfjs-node": "npm:@tensorflow/tfjs@4.22.0"}}' >package.json
npm install --silent --no-audit --no-fund --save-exact danfojs-node@1.2.0 >/dev/null
node - 2>/dev/null <<'JS'
const { DataFrame, Series } = require("danfojs-node");
const { version } = require("danfojs-node/package.json");
const table = new DataFrame({ slide: ["A", "A", "A"], score: [1, Number.NaN, 3] });
const column = [table.score.mean(), table.score.count()];
const group = () => table.groupby(["slide"]).col(["score"]);
const grouped = [group().mean().values[0][1], group().count().values[0][1]];
console.log(`danfojs-node ${version}, mean and count of 1, NaN, 3: ${column} as a column, ${grouped} as a group`);
const sorted = new Series([3, 1, Number.NaN, 2]).sortValues().values;
console.log(`3, 1, NaN, 2 sorted: ${sorted}`);
const present = sorted.filter((value) => !Number.isNaN(value));
process.exit(String(column) === "2,2" && String(grouped) === "NaN,3" && String(present) !== "1,2,3" ? 0 : 1);
JS
