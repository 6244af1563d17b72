#!/usr/bin/env bash
# danfojs-node 1.2.0 writes values with a comma to CSV without quotes. Its own reader refuses such a file, and pandas reads other
# columns from it without a word: "adenoma, tubular" with label SSA becomes the diagnosis "tubular", and the rows without a comma
# lose their label.
#
# Expected: quotes around such a value (RFC 4180, section 2.6), so that reading gives what was written.
# Why it matters: diagnoses and names of files have commas, and label tables go from one tool to the other as CSV.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pandas==3.1.1 numpy==2.4.6
# danfojs needs these two only for Excel files and native tensors.
echo '{"overrides": {"xlsx": "npm:@e965/xlsx@0.20.3", "@tensorflow/tfjs-node": "npm:@tensorflow/tfjs@4.22.0"}}' >package.json
npm install --silent --no-audit --no-fund --save-exact danfojs-node@1.2.0 >/dev/null
node - 2>/dev/null <<'JS'
const { DataFrame, readCSV, toCSV } = require("danfojs-node");
const { version } = require("danfojs-node/package.json");
const { readFileSync } = require("node:fs");
toCSV(new DataFrame({ diagnosis: ["adenoma, tubular", "polyp"], label: ["SSA", "HP"] }), { filePath: "labels.csv" });
console.log(`danfojs-node ${version} writes ${JSON.stringify(readFileSync("labels.csv", "utf8"))}`);
const refused = (error) => process.exit(console.log(`and does not read it: ${error.message}`) ?? 0);
readCSV("labels.csv").then((table) => process.exit(console.log(`and reads ${JSON.stringify(table.values)}`) ?? 1), refused);
JS
venv/bin/python - <<'PY'
import sys
import pandas

table = pandas.read_csv("labels.csv")
rows = table.astype(object).fillna("").values.tolist()
print(f"pandas {pandas.__version__} reads {rows} in the columns {table.columns.tolist()}")
sys.exit(0 if rows == [[" tubular", "SSA"], ["HP", ""]] else 1)
PY
