import assert from "node:assert/strict";
import { test } from "node:test";
import { declaredParameters, parseParameters, runNotebook } from "../../src/notebook/index";
import { notebookOf, printedBy } from "../support/notebook";

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
});

for (const [text, message] of [
  ["epochs", /-p epochs: write it as name=value/],
  ["epoch=3", /no parameter epoch; it has data, epochs, rate/],
  ["epochs=many", /-p epochs=many: epochs must be a number \(default 5\)/],
  ["augment=1", /augment must be a boolean/],
] as const) {
  test(`-p ${text} is refused`, () => {
    assert.throws(() => parseParameters([text], notebook), { code: "NOTEBOOK_PARAMETER", message });
  });
}

test("a run takes the values, in a cell behind the defaults, and a second run replaces that cell", async () => {
  const first = await runNotebook(notebook, { parameters: { epochs: 9, hidden: [8] } });
  assert.equal(printedBy(first.notebook).at(-1), "synthetic 9 0.001 true [ 8 ] undefined\n");
  const second = await runNotebook(first.notebook, { parameters: { data: 'it\'s "here"' } });
  assert.equal(second.notebook.cells.length, 3);
  assert.equal(printedBy(second.notebook).at(-1), 'it\'s "here" 5 0.001 true [ 64, 32 ] undefined\n');
});
