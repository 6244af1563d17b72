/**
 * @module The process in which `histo notebook run` executes the cells of one notebook. It speaks with the runner
 * (src/notebook/runner.ts) over Node's own channel; the messages are described there.
 */
const { languageInfo, openSession, prepareProcess, writeTo } = require("./session.cjs");

prepareProcess({ documentation: false });
const tell = (message) => process.connected && process.send(message);

/** How long failures of work that was left running are waited for after the last cell. */
const SETTLE_MS = 200;

const session = openSession();
process.stdout.write = writeTo((text) => tell({ type: "stream", name: "stdout", text }));
process.stderr.write = writeTo((text) => tell({ type: "stream", name: "stderr", text }));
require("tslab/dist/jupyter.js").lastWriteDisplayData = (content, update) =>
  tell({ type: "display", content, update: update === true });

process.on("disconnect", () => process.exit(1));
process.on("message", async (message) => {
  if (message.type === "execute") {
    tell({ type: "executed", failure: await session.run(message.code) });
  } else {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const failure = session.lateFailure();
    process.send({ type: "settled", failure }, () => process.exit(0));
  }
});
tell({ type: "ready", languageInfo });
