// Runs compiled test files in one process, which loads the project and its packages once. Each file is a suite that begins with
// the environment in which the process started.
const { after, describe } = require("node:test");
const { join } = require("node:path");

/** @param {readonly string[]} files such as `tests/format/shell.test.ts` */
exports.runFiles = (root, files) => {
  const environment = { ...process.env };
  for (const file of files) {
    describe(file, () => {
      require(join(root, "dist", file.replace(/\.ts$/, ".js")));
      after(() => {
        for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
        Object.assign(process.env, environment);
      });
    });
  }
};
