import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { runNotebook } from "../../src/notebook/index";
import { notebookOf, printedBy, testCells } from "../support/notebook";

test("modules may be edited while a notebook runs; the next import brings the new ones", async () => {
  const folder = join(projectRoot(), ".cache", `test-modules-${process.pid}`);
  const modules = `./.cache/${basename(folder)}`;
  // Where later sessions find the modules translated.
  const kept = join(projectRoot(), ".cache", "cells", ".cache", basename(folder));
  const write = (value: number) =>
    [
      'import { mkdirSync, writeFileSync } from "node:fs";',
      `mkdirSync("${modules}", { recursive: true });`,
      `writeFileSync("${modules}/new${value}.ts", "export {};"); // may be what an import could not find before`,
      "await new Promise((resolve) => setTimeout(resolve, 100));",
      `writeFileSync("${modules}/a.ts", 'import "sharp"; import { b } from "./b"; export const a = b + ${value};');`,
      `writeFileSync("${modules}/b.ts", "export const b = ${value};");`,
      "await new Promise((resolve) => setTimeout(resolve, 700)); // until the change is noticed",
    ].join("\n");
  const read = `import { a } from "${modules}/a";\nconsole.log(a);`;
  try {
    const { notebook, failure } = await runNotebook(notebookOf(write(1), read, write(20), "console.log(1);", read));
    assert.equal(failure, undefined, failure?.traceback.join("\n"));
    assert.deepEqual(printedBy(notebook), ["", "2\n", "", "1\n", "40\n"]);
    assert.match(await readFile(join(kept, "a.ts.js"), "utf8"), /exports\.a = b_1\.b \+ 20;/);
  } finally {
    for (const made of [folder, kept]) await rm(made, { recursive: true, force: true });
  }
});

test("a runtime error ends the run with the error in its cell", async () => {
  const { notebook, failure } = await runNotebook(
    notebookOf("console.log('before');", "throw new RangeError('too far');", "console.log('after');"),
  );
  assert.equal(failure?.ename, "RangeError");
  assert.equal(failure?.evalue, "too far");
  assert.equal(failure?.cell, 2);
  assert.deepEqual(printedBy(notebook), ["before\n", "", ""]);
  assert.equal(notebook.cells[1]?.outputs?.[0]?.output_type, "error");
  assert.equal(notebook.cells[2]?.execution_count, null);
});

testCells(
  "types are checked strictly before a cell runs",
  [
    {
      code: "console.log('not reached');\nconst parts: string[] = [];\nparts.at(0).length;",
      tags: ["raises-exception"],
    },
  ],
  (notebook) => {
    const [error, ...others] = notebook.cells[0]?.outputs ?? [];
    assert.deepEqual(others, []);
    assert.ok(error?.output_type === "error");
    assert.equal(error.ename, "TypeScriptError");
    assert.match(error.evalue, /^line 3, column 1: .*possibly 'undefined'/);
    assert.deepEqual(printedBy(notebook), [""]);
  },
);

test("the failure of a promise that nobody waits for fails its cell, and a late one the run", async () => {
  const { notebook, failure } = await runNotebook(
    notebookOf(
      { code: "void Promise.reject(new Error('floating'));", tags: ["raises-exception"] },
      "setTimeout(() => { throw new Error('in a timer'); }, 50);\nconsole.log(2);",
    ),
  );
  const errors = notebook.cells.map(({ outputs = [] }) =>
    outputs.flatMap((output) => (output.output_type === "error" ? [output.evalue] : [])),
  );
  assert.deepEqual(errors, [["floating"], ["in a timer"]]);
  assert.equal(failure?.evalue, "in a timer");
  assert.equal(failure?.cell, 2);
});

test("a cell that ends the process is a failure of that cell, with its output kept", async () => {
  const { failure, notebook } = await runNotebook(notebookOf("console.log('still here');\nprocess.exit(3);"));
  assert.equal(failure?.ename, "DeadKernelError");
  assert.match(failure?.evalue ?? "", /exit status 3/);
  assert.deepEqual(printedBy(notebook), ["still here\n"]);
});

test("a process that ends between two cells is reported by the next one, with how it ended", async () => {
  const later = "setTimeout(() => process.exit(3), 20);";
  const { failure } = await runNotebook(notebookOf(later, "console.log('not reached');"), {
    // Long enough for the process to end, and too short for its end to be known.
    onCell: () => new Promise((resolve) => setTimeout(resolve, 60)),
  });
  assert.match(failure?.evalue ?? "", /exit status 3/);
  assert.equal(failure?.cell, 2);
});

for (const [kind, code] of [
  ["busy", "console.log('started');\nwhile (true) {}"],
  ["waiting", "console.log('started');\nawait new Promise((resolve) => setTimeout(resolve, 60_000));"],
] as const) {
  test(`stopping a ${kind} cell keeps the outputs so far`, async () => {
    const controller = new AbortController();
    const running = runNotebook(notebookOf("console.log('first');", code, "console.log('never');"), {
      signal: controller.signal,
      onCell: async () => {
        setTimeout(() => controller.abort(), 300);
      },
    });
    const { interrupted, failure, notebook, executed } = await running;
    assert.equal(interrupted, true);
    assert.equal(executed, 2);
    assert.equal(failure?.ename, "Interrupted");
    assert.deepEqual(printedBy(notebook), ["first\n", "started\n", ""]);
  });
}

testCells(
  "cells run in order, see each other's variables and get execution counts",
  ["const answer: number = 6 * 7;", "console.log(answer);", "answer + 1"],
  (notebook) => {
    assert.deepEqual(printedBy(notebook), ["", "42\n", "43\n"]);
    const counts = notebook.cells.map((cell) => cell.execution_count as number);
    const [first = 0] = counts;
    assert.deepEqual(counts, [first, first + 1, first + 2]);
  },
);

testCells(
  "shorthand properties know the variables of earlier cells, and inner ones before them",
  [
    "let size = 64;\nconst seed = 1;",
    "const options = { size, seed };\nconsole.log(options, ((seed: number) => ({ seed }))(2));",
    "({ size } = { size: 96 });\nconsole.log({ size });",
  ],
  (notebook) => {
    assert.deepEqual(printedBy(notebook), ["", "{ size: 64, seed: 1 } { seed: 2 }\n", "{ size: 96 }\n"]);
  },
);

testCells(
  "a variable that a later cell assigns has its new value in earlier cells' functions too",
  [
    "let counter = 0;\nlet [first, { second }] = [1, { second: 2 }];\nconst all = () => [++counter, first, second];",
    "counter = 100;\nfirst += 10;\nfor (let counter = 0; counter < 1; counter++) second *= 2;\nconsole.log(all(), counter);",
    "await null;\nlet counter = await Promise.resolve(7);\nconsole.log(all());",
  ],
  (notebook) => {
    assert.deepEqual(printedBy(notebook), ["", "[ 101, 11, 4 ] 101\n", "[ 8, 11, 4 ]\n"]);
  },
);

testCells(
  "a cell tagged raises-exception may fail",
  [{ code: "throw new Error('as announced');", tags: ["raises-exception"] }, "console.log('goes on');"],
  (notebook) => {
    assert.equal(notebook.cells[0]?.outputs?.at(-1)?.output_type, "error");
    assert.deepEqual(printedBy(notebook), ["", "goes on\n"]);
  },
);

testCells(
  "displays can be replaced in place, also those of an earlier cell",
  [
    'import { LiveDisplay } from "./src/notebook/index";\nconst live = new LiveDisplay();\nlive.set({ "text/plain": "old" });',
    'live.set({ "text/plain": "new" });',
  ],
  (notebook) => {
    assert.deepEqual(notebook.cells[0]?.outputs, [
      { output_type: "display_data", data: { "text/plain": "new" }, metadata: {} },
    ]);
    assert.deepEqual(notebook.cells[1]?.outputs, []);
  },
);

testCells(
  "cells run in the project's root whatever the caller's folder",
  ['import { existsSync } from "node:fs";\nconsole.log(existsSync("package.json"), !!process.env.HISTO_ROOT);'],
  (notebook) => {
    assert.deepEqual(printedBy(notebook), ["true true\n"]);
  },
);

const installed = `histo-test-${process.pid}`;
after(() => rm(join(projectRoot(), "node_modules", installed), { recursive: true, force: true }));

testCells(
  "a package that is installed while a notebook runs is found",
  [
    { code: `import { version } from "${installed}";`, tags: ["raises-exception"] },
    [
      'import { mkdirSync, writeFileSync } from "node:fs";',
      `const place = "node_modules/${installed}";`,
      "mkdirSync(place);",
      `writeFileSync(place + "/index.js", "exports.version = 3;");`,
      `writeFileSync(place + "/index.d.ts", "export const version: number;");`,
      "await new Promise((resolve) => setTimeout(resolve, 700)); // until the change is noticed",
    ].join("\n"),
    `import { version } from "${installed}";\nconsole.log(version);`,
  ],
  (notebook) => {
    assert.match(JSON.stringify(notebook.cells[0]?.outputs), /Cannot find module/);
    assert.deepEqual(printedBy(notebook), ["", "", "3\n"]);
  },
);
