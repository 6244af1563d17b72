/**
 * @module The compiler of cells. tslab brings its own TypeScript and ignores tsconfig.json; here it gets what this
 * project needs:
 * - cells are checked strictly and find packages by their `exports`;
 * - the modules they import are only parsed and translated file by file. The project's own, newer compiler checks those,
 *   and the first import of a room takes half the time;
 * - `{ name }` works where `name` comes from an earlier cell (tslab 1.0.22 forgets to look there);
 * - a `let` is one variable for all cells: tslab copies it, so that a function goes on with the value of its own cell
 *   after a later cell has assigned another one;
 * - modules can be edited and added at any time: tslab fails on some of these changes.
 */
const { createHash } = require("node:crypto");
const { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } = require("node:fs");
const path = require("node:path");

const from = { paths: [require.resolve("tslab")] };
const compilerId = require.resolve("@tslab/typescript-for-tslab", from);
const compilerVersion = require(require.resolve("@tslab/typescript-for-tslab/package.json", from)).version;

/**
 * Replaces tslab's compiler in Node's module cache; call it before tslab is loaded. Its own exports are read-only.
 * @param documentation whether the comments of packages' declarations are read, which takes a quarter of a session's start
 */
function adaptCompiler(root, { documentation }) {
  const ts = require(compilerId);
  const options = { strict: true, moduleResolution: ts.ModuleResolutionKind.Bundler, types: ["node"] };
  const translated = new Set();

  /** A module as CommonJS, from its text alone. Later sessions find it in the cache: a room takes the compiler seconds. */
  function translate({ fileName, text }) {
    const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true };
    const basis = JSON.stringify([compilerVersion, compilerOptions, text]);
    const place = path.join(root, ".cache", "cells", `${path.relative(root, fileName)}.js`);
    const outputText = kept(place, basis, () => ts.transpileModule(text, { fileName, compilerOptions }).outputText);
    translated.add(outputText);
    return outputText;
  }

  /** tslab's builder with another way to emit. */
  function adaptBuilder(builder) {
    const emit = (file, write, token, onlyDeclarations, transformers) => {
      if (file.fileName.endsWith("/__tslab__.ts")) {
        const before = [expandShorthand(ts, builder.getProgram().getTypeChecker()), ...(transformers?.before ?? [])];
        return builder.emit(file, write, token, onlyDeclarations, { ...transformers, before });
      }
      if (!file.fileName.endsWith(".ts")) return builder.emit(file, write, token, onlyDeclarations, transformers);
      return write(`outDir/${path.posix.relative(root, file.fileName).replace(/\.ts$/, ".js")}`, translate(file));
    };
    return Object.create(builder, { emit: { value: emit } });
  }

  require.cache[compilerId].exports = {
    ...ts,
    createWatchCompilerHost(files, own, system, ...rest) {
      const host = ts.createWatchCompilerHost(files, { ...own, ...options }, system, ...rest);
      if (!documentation) host.readFile = withoutDocumentation(host.readFile);
      return Object.assign(host, oneTimer(system), watchers(host));
    },
    createWatchProgram(host) {
      const created = host.afterProgramCreate;
      host.afterProgramCreate = (builder) => created(adaptBuilder(builder));
      return ts.createWatchProgram(host);
    },
    getPreEmitDiagnosticsOfFiles: (program, [cell, ...imported]) => [
      ...ts.getPreEmitDiagnosticsOfFiles(program, [cell]),
      ...imported.flatMap((file) => program.getSyntacticDiagnostics(file)),
    ],
    // tslab passes everything through here once more, to make CommonJS of it.
    transpileModule: (text, ...rest) =>
      translated.delete(text) ? { outputText: text } : ts.transpileModule(exportVariables(ts, text), ...rest),
  };
}

/**
 * What a file holds for a basis, with a hash of both in its first line; otherwise made and, where possible, written. A damaged file
 * is made again.
 */
function kept(place, basis, make) {
  const headOf = (made) =>
    `// ${createHash("sha256")
      .update(JSON.stringify([basis, made]))
      .digest("hex")}\n`;
  try {
    const text = readFileSync(place, "utf8");
    const made = text.slice(text.indexOf("\n") + 1);
    if (text === headOf(made) + made) return made;
  } catch {}
  const made = make();
  const unfinished = `${place}.${process.pid}`;
  try {
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(unfinished, headOf(made) + made);
    renameSync(unfinished, place);
  } catch {
    try {
      rmSync(unfinished, { force: true });
    } catch {} // In a folder of another user, even looking for it fails.
  }
  return made;
}

/**
 * The compiler's watchers without those of every folder and file in `node_modules`, about 3,500 of what a system allows. An
 * installation of packages also writes into `node_modules` itself; then everything that was not found there is looked for anew.
 */
function watchers({ watchDirectory, watchFile }) {
  const watchesNothing = { close: () => undefined };
  return {
    watchDirectory: (folder, callback, recursive, ...rest) =>
      folder.endsWith("/node_modules")
        ? watchDirectory(folder, () => callback(folder), false, ...rest)
        : watchDirectory(folder, callback, recursive, ...rest),
    watchFile: (file, ...rest) => (file.includes("/node_modules/") ? watchesNothing : watchFile(file, ...rest)),
  };
}

/** Reads files; the declarations of packages without the comments that fill lines of their own. */
function withoutDocumentation(readFile) {
  return (file, encoding) => {
    const text = readFile(file, encoding);
    const isDeclaration = file.includes("/node_modules/") && file.endsWith(".d.ts");
    return isDeclaration ? text?.replace(/^[ \t]*\/\*\*[\s\S]*?\*\/[ \t]*$/gm, "") : text;
  };
}

/** The timers of the compiler's watcher on the single one that tslab has: it runs whatever is due when a cell runs. */
function oneTimer(system) {
  const due = new Map();
  let tokens = 0;
  let timer;
  const run = () => {
    for (const [token, callback] of due) {
      due.delete(token);
      callback(); // may make more due; they come last
    }
    timer = undefined;
  };
  return {
    setTimeout(callback, _milliseconds, ...args) {
      const token = ++tokens;
      due.set(token, () => callback(...args));
      if (!timer) timer = system.setTimeout(run);
      return token;
    },
    clearTimeout(token) {
      due.delete(token);
    },
  };
}

/** `{ name }` becomes `{ name: exports.name }` where an earlier cell declared the name; tslab keeps its variables there. */
function expandShorthand(ts, checker) {
  const isEarlier = (node) =>
    checker
      .getShorthandAssignmentValueSymbol(node)
      ?.declarations?.some((declaration) => declaration.getSourceFile().fileName.endsWith("/__prev__.d.ts"));
  return (context) => {
    const { factory } = context;
    const visit = (node) => {
      if (!ts.isShorthandPropertyAssignment(node) || !isEarlier(node)) return ts.visitEachChild(node, visit, context);
      const value = factory.createPropertyAccessExpression(factory.createIdentifier("exports"), node.name.text);
      const initializer = node.objectAssignmentInitializer;
      return factory.createPropertyAssignment(
        node.name,
        initializer ? factory.createAssignment(value, ts.visitNode(initializer, visit)) : value,
      );
    };
    return (file) => ts.visitEachChild(file, visit, context);
  };
}

/**
 * `let a = 1; export { a };` becomes `export let a = 1;`. Both export `a`, but only the second keeps its value in
 * `exports` alone, where all cells look.
 */
function exportVariables(ts, text) {
  const file = ts.createSourceFile("cell.js", text, ts.ScriptTarget.ES2022, true);
  const { statements } = file;
  const names = new Set();
  const edits = [];
  for (const statement of statements) {
    if (!ts.isVariableStatement(statement) || statement.modifiers?.length) continue;
    if (statement.declarationList.flags & ts.NodeFlags.Const) continue;
    for (const name of namesIn(ts, statement.declarationList)) names.add(name);
    edits.push({ start: statement.getStart(file), text: "export " });
  }
  for (const statement of statements) {
    if (!ts.isExportDeclaration(statement) || !statement.exportClause?.elements?.length) continue;
    const others = statement.exportClause.elements.map(({ name }) => name.text).filter((name) => !names.has(name));
    edits.push({ start: statement.getStart(file), end: statement.end, text: `export { ${others.join(", ")} };` });
  }
  return edits
    .sort((a, b) => b.start - a.start)
    .reduce((code, edit) => code.slice(0, edit.start) + edit.text + code.slice(edit.end ?? edit.start), text);
}

/** The names that a declaration list declares, those in patterns included. */
function namesIn(ts, { declarations }) {
  const ofBinding = (name) =>
    ts.isIdentifier(name)
      ? [name.text]
      : name.elements.flatMap((element) => (ts.isBindingElement(element) ? ofBinding(element.name) : []));
  return declarations.flatMap(({ name }) => ofBinding(name));
}

module.exports = { adaptCompiler, compilerVersion, kept };
