/**
 * @module One tslab session with what tslab 1.0.22 lacks: the project's root as working directory, strict types,
 * failures as data instead of text, and failures of work that a cell left running. The Jupyter kernel and the headless
 * runner both stand on it, so a cell means the same in either.
 *
 * It reaches into tslab's own modules, so package.json pins tslab exactly and tests/notebook holds what must stay true.
 */
const path = require("node:path");
const { inspect } = require("node:util");
const { adaptCompiler, compilerVersion } = require("./compiler.cjs");

const root = path.resolve(__dirname, "..");

/** What notebooks record about the language of their cells. */
const languageInfo = {
  name: "typescript",
  version: compilerVersion,
  file_extension: ".ts",
  mimetype: "text/typescript",
  codemirror_mode: { mode: "typescript", name: "javascript", typescript: true },
};

/**
 * Prepares the process for cells; call it once, before anything else is loaded.
 * The folder that the notebook was started in stays known as `HISTO_NOTEBOOK_CWD`.
 * @param documentation whether `inspect` shall tell what packages document
 */
function prepareProcess({ documentation }) {
  process.env.HISTO_NOTEBOOK_CWD ??= process.cwd();
  process.env.HISTO_ROOT = root;
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
  process.chdir(root);
  process.title = "histo notebook kernel";
  // Output goes into a notebook: no redrawn progress bars, no colour codes.
  for (const stream of [process.stdout, process.stderr]) {
    Object.defineProperty(stream, "isTTY", { value: false, configurable: true });
  }
  adaptCompiler(root, { documentation });
  // How src/notebook shows something without knowing tslab.
  globalThis[Symbol.for("histo.notebook.display")] = (content, update) =>
    require("tslab/dist/jupyter.js").lastWriteDisplayData?.(content, update);
}

/**
 * Opens tslab's converter and executor.
 * `run(code)` resolves to undefined, or to the cell's failure `{ename, evalue, traceback}`.
 */
function openSession() {
  const { createConverter } = require("tslab/dist/converter.js");
  const { createExecutor } = require("tslab/dist/executor.js");
  const converter = createConverter({ isJS: false, isBrowser: false });
  const converters = { node: converter, browser: converter, close: () => converter.close() };

  let reported = [];
  let running = false;
  let late;
  const executor = createExecutor(root, converters, {
    log: console.log,
    error: (...args) => reported.push(args),
  });

  /** Work that a cell did not wait for has failed: the cell at hand fails, or the next one. */
  function onLateError(error) {
    if (!running || late) console.error(error);
    late ??= { error, whileRunning: running };
  }
  process.on("unhandledRejection", onLateError);
  process.on("uncaughtException", onLateError);
  process.on("SIGINT", () => executor.interrupt());

  async function run(code) {
    reported = [];
    running = true;
    try {
      let ok = false;
      try {
        ok = await executor.execute(code);
      } catch (error) {
        reported.push([error]);
      }
      await new Promise((resolve) => setImmediate(resolve)); // lets a rejection of this cell arrive
      if (!ok) return describeReport(reported, code);
      return lateFailure();
    } finally {
      running = false;
    }
  }

  /** The failure of work left running that no cell has answered for yet. */
  function lateFailure() {
    if (!late) return undefined;
    const { error, whileRunning } = late;
    late = undefined;
    const failure = describeError(error);
    const origin = whileRunning ? "Failed without being awaited" : "An earlier cell left work running that failed";
    return { ...failure, traceback: [`${origin}:`, ...failure.traceback] };
  }

  return { executor, run, lateFailure, close: () => executor.close() };
}

/** tslab reports either an error, or type errors one by one as `("%s%d:%d - %s", file, line, character, message)`. */
function describeReport(reported, code) {
  const typeErrors = reported.filter(([format]) => format === "%s%d:%d - %s");
  if (typeErrors.length === 0) return describeError(reported[0]?.[0]);
  const lines = code.split("\n");
  const messages = typeErrors.map(([, file, line, character, message]) =>
    file ? `${file.trim()}:${line}:${character} ${message}` : `line ${line}, column ${character}: ${message}`,
  );
  const traceback = typeErrors.flatMap(([, file, line, character], i) =>
    file || lines[line - 1] === undefined
      ? [messages[i]]
      : [messages[i], `    ${lines[line - 1]}`, `    ${" ".repeat(Math.max(0, character - 1))}^`],
  );
  traceback[0] = `TypeScriptError: ${traceback[0]}`;
  return { ename: "TypeScriptError", evalue: messages[0], traceback };
}

function describeError(error) {
  if (wasInterrupted(error)) {
    return { ename: "Interrupted", evalue: "The cell was stopped.", traceback: ["Interrupted: The cell was stopped."] };
  }
  if (!(error instanceof Error) && typeof error?.stack !== "string") {
    const text = typeof error === "string" ? error : inspect(error);
    return { ename: "Error", evalue: text, traceback: [`Thrown: ${text}`] };
  }
  const name = error.name || error.constructor?.name || "Error";
  return { ename: name, evalue: String(error.message), traceback: readableStack(error) };
}

function wasInterrupted(error) {
  return error?.code === "ERR_SCRIPT_EXECUTION_INTERRUPTED" || error?.message === "Interrupted asynchronously";
}

/**
 * The stack without the frames of the kernel and of Node. Positions inside cells and project modules are those of the
 * compiled JavaScript, which nobody sees, so only the names stay.
 */
function readableStack(error) {
  return inspect(error)
    .replace(/^evalmachine\.<anonymous>:\d+\n/, "")
    .split("\n")
    .filter((line) => !/^\s+at .*(\(node:|at node:|tslab\/dist\/|\/jupyter\/\w+\.cjs)/.test(line))
    .map((line) => (line.includes("node_modules") ? line : withoutPositions(line)))
    .filter((line, i, all) => line !== all[i - 1] || !line.endsWith(" cell"));
}

function withoutPositions(line) {
  return line
    .replace(/evalmachine\.<anonymous>:\d+(:\d+)?/, "cell")
    .replace(/(\/[^():]*)\.js:\d+:\d+/, (_, file) => `${path.relative(root, file)}.ts`);
}

/** A replacement for a stream's `write` that hands the text on and, unlike tslab's, calls the callback. */
function writeTo(handle) {
  const decoder = new TextDecoder();
  return (chunk, encoding, callback) => {
    handle(typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true }));
    const done = typeof encoding === "function" ? encoding : callback;
    if (done) queueMicrotask(() => done(null));
    return true;
  };
}

module.exports = { root, languageInfo, prepareProcess, openSession, writeTo };
