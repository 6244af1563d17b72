#!/usr/bin/env bash
# danfojs-node 1.2.0 changes the first frame that it concatenates: afterwards its shape and values are as before, but its means are
# over the rows of all frames.
#
# Expected: frames that are read only, as the values of the first still are.
# Why it matters: after a look at all tiles together, the mean that standardizes the training set contains the test set.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# danfojs needs these two only for Excel files and native tensors.
echo '{"overrides": {"xlsx": "npm:@e965/xlsx@0.20.3", "@tensorflow/tfjs-node": "npm:@tensorflow/tfjs@4.22.0"}}' >package.json
npm install --silent --no-audit --no-fund --save-exact danfojs-node@1.2.0 >/dev/null
node - 2>/dev/null <<'JS'
const { DataFrame, concat } = require("danfojs-node");
const { version } = require("danfojs-node/package.json");
const [train, test] = [new DataFrame({ red: [10, 20] }), new DataFrame({ red: [300] })];
const mean = () => train.mean({ axis: 0 }).values[0];
const before = mean();
const all = concat({ dfList: [train, test], axis: 0 });
const after = mean();
console.log(`danfojs-node ${version}: ${JSON.stringify(all.values)} concatenated`);
console.log(`the first frame, ${JSON.stringify(train.values)} of shape ${train.shape}: mean ${before} before, ${after} after`);
process.exit(before === 15 && after === 110 && String(train.shape) === "2,1" ? 0 : 1);
JS
