#!/usr/bin/env bash
# jsfive 0.4.2 gives undefined for the chunks of an HDF5 data set that were never written, though it knows their fill value.
#
# Expected: the fill value, as HDF5 defines and as h5py reads.
# Why it matters: maps of a slide leave out the chunks without tissue. In sums and means undefined becomes NaN, in typed arrays of integers
# 0, whatever the fill value, and in an image black.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check h5py==3.16.0 numpy==2.4.6
venv/bin/python - <<'PY'
import h5py

with h5py.File("map.h5", "w") as file:
    dataset = file.create_dataset("map", (4, 4), "u1", chunks=(2, 2), fillvalue=255)
    dataset[:2, :2] = 7
    print("h5py", h5py.__version__, dataset[()].ravel().tolist())
PY
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact jsfive@0.4.2 >/dev/null
cat >read.mjs <<'JS'
import { readFileSync } from "node:fs";
import { File } from "jsfive";
const { version } = JSON.parse(readFileSync("node_modules/jsfive/package.json", "utf8"));
const bytes = readFileSync("map.h5");
const map = new File(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)).get("map");
const values = [...map.value];
console.log(`jsfive ${version} [${values.join(", ")}], fill value ${map.fillvalue}, 8-bit [${Uint8Array.from(values)}]`);
const missing = values.filter((value) => value === undefined).length;
process.exit(missing === 12 && map.fillvalue === 255 && values.filter((value) => value === 7).length === 4 ? 0 : 1);
JS
node read.mjs
