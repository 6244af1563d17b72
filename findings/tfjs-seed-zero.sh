#!/usr/bin/env bash
# tfjs 4.22.0 takes the seed 0 for no seed in normal distributions: two initializers with it give different weights. Uniform
# distributions, and normal ones with other seeds, repeat.
#
# Expected: the same weights from the same seed, whatever its value.
# Why it matters: 0 is the usual first seed. A network with heNormal weights cannot be trained again, while one with glorotUniform
# can. This project never passes 0 on.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact \
  @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 >/dev/null
node - 2>/dev/null <<'JS'
const { version_core } = require("@tensorflow/tfjs-core");
const { initializers } = require("@tensorflow/tfjs-layers");
require("@tensorflow/tfjs-backend-cpu");
const repeats = (name, seed) => {
  const draw = () => String(initializers[name]({ seed }).apply([4, 4]).dataSync());
  return draw() === draw();
};
let still = true;
for (const name of ["glorotUniform", "heUniform", "glorotNormal", "heNormal", "truncatedNormal"]) {
  const [zero, one] = [repeats(name, 0), repeats(name, 1)];
  console.log(`tfjs ${version_core}, ${name}: seed 0 ${zero ? "repeats" : "differs"}, seed 1 ${one ? "repeats" : "differs"}`);
  still &&= one && zero === name.endsWith("Uniform");
}
process.exit(still ? 0 : 1);
JS
