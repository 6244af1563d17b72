import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { readJson } from "../../src/files/index";
import { declaredParameters, parseParameters, runNotebook, writeNotebook } from "../../src/notebook/index";
import { injectParameters } from "../../src/notebook/parameters";
import { notebookOf, printedBy } from "../support/notebook";
import { temporaryDirectory } from "../support/temporary-directory";

const notebook = notebookOf(
  {
    tags: ["parameters"],
    code: [
      'let data = "synthetic"; // a folder, or the synthetic set',
      "let epochs = 5;",
      "let rate = 1e-3;",
      "let augment = true;",
      "let hidden: number[] = [64, 32];",
      "let run: string | undefined = undefined;",
      "const unit = 2;",
    ].join("\n"),
  },
  "console.log(data, epochs, rate, augment, hidden, run);",
);

test("parameters are found with their types and defaults", () => {
  assert.deepEqual(
    declaredParameters(notebook).map(({ name, type }) => [name, type]),
    [
      ["data", "string"],
      ["epochs", "number"],
      ["rate", "number"],
      ["augment", "boolean"],
      ["hidden", "number[]"],
      ["run", "string | undefined"],
      ["unit", "number"],
    ],
  );
  assert.equal(declaredParameters(notebook)[0]?.defaultValue, '"synthetic"');
});

test("values are read by the type of their parameter", () => {
  assert.deepEqual(parseParameters(["data=2024", "epochs=9", "augment=false", "hidden=[8]", "run=a=b"], notebook), {
    data: "2024",
    epochs: 9,
    augment: false,
    hidden: [8],
    run: "a=b",
  });
  assert.deepEqual(parseParameters(["rate=.001", "epochs=+7"], notebook), { rate: 0.001, epochs: 7 });
});

for (const [text, message] of [
  ["epochs", /-p epochs: write it as name=value/],
  ["epoch=3", /no parameter epoch; it has data, epochs, rate/],
  ["epochs=many", /-p epochs=many: epochs must be a number \(default 5\)/],
  ["unit=3", /declares unit with const; declare it with let/],
  ["augment=1", /augment must be a boolean/],
] as const) {
  test(`-p ${text} is refused`, () => {
    assert.throws(() => parseParameters([text], notebook), { code: "NOTEBOOK_PARAMETER", message });
  });
}

test("a run takes the values, in a cell behind the defaults that replaces the one of an earlier run", async () => {
  const earlier = { ...notebook, cells: injectParameters(notebook.cells, { epochs: 9, hidden: [8] }) };
  assert.equal(earlier.cells.length, 3);
  const { notebook: run } = await runNotebook(earlier, {
    parameters: { data: 'it\'s "here"', rate: 0.5, hidden: [16] },
  });
  assert.equal(run.cells.length, 3);
  assert.equal(printedBy(run).at(-1), 'it\'s "here" 5 0.5 true [ 16 ] undefined\n');
});

test("the cell of parameters has an id only where the notebook's format knows ids", async (context) => {
  const path = join(await temporaryDirectory(context), "a.ipynb");
  const cells = injectParameters(notebook.cells, { epochs: 1 });
  for (const minor of [4, 5]) {
    await writeNotebook(path, { ...notebook, nbformat_minor: minor, cells });
    const written = await readJson<{ cells: object[] }>(path);
    assert.equal("id" in (written.cells[1] as object), minor >= 5, `4.${minor}`);
  }
});
