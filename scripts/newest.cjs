// Tells when sources last changed.
const { readdirSync, statSync } = require("node:fs");
const { join } = require("node:path");

/** When a file, or anything in a folder, last changed. A file that was removed or renamed changes its folder. */
function newest(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  const entries = found?.isDirectory() ? readdirSync(path).filter((name) => name !== "node_modules") : [];
  return Math.max(found?.mtimeMs ?? 0, ...entries.map((name) => newest(join(path, name))));
}

module.exports = { newest };
