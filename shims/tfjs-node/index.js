// danfojs-node asks for @tensorflow/tfjs-node. It gets the TensorFlow that this project has already loaded:
// the compiled one where there is one, plain JavaScript where there is not (see src/tensorflow/load.ts).
const util = require("node:util");
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
util.isArray ??= Array.isArray;
try {
  module.exports = require("@tensorflow/tfjs-node-gpu");
} catch {
  module.exports = require("@tensorflow/tfjs");
}
