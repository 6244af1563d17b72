/** @module What every committed notebook has to be: parameterised, executed without errors, small, readable. */
import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { declaredParameters, type Notebook, readNotebook, textOf } from "../../src/notebook/index";

const folder = join(projectRoot(), "notebooks");
const names = readdirSync(folder).filter((name) => name.endsWith(".ipynb"));
const ONE_MEGABYTE = 1e6;

test("there are notebooks, numbered", () => {
  assert.ok(names.length > 0);
  for (const name of names) assert.match(name, /^0[1-9]-[a-z0-9-]+\.ipynb$/);
});

for (const name of names) {
  describe(name, async () => {
    const path = join(folder, name);
    const notebook: Notebook = await readNotebook(path);
    const code = notebook.cells.filter((cell) => cell.cell_type === "code");

    test("begins with its parameters, of which each has a default", () => {
      const first = notebook.cells.find((cell) => cell.cell_type === "code");
      assert.deepEqual(first?.metadata.tags, ["parameters"]);
      assert.ok(declaredParameters(notebook).length > 0);
      assert.doesNotMatch(textOf(first?.source ?? ""), /\bconst\b/, "a const cannot be given another value");
    });

    test("lets readers name the positive class of their own data, of which there may be more than two classes", () => {
      const parameters = declaredParameters(notebook).map((parameter) => parameter.name);
      if (parameters.includes("data")) assert.ok(parameters.includes("positive"));
    });

    test("begins with its title, and with its question before its parameters", () => {
      assert.equal(notebook.cells[0]?.cell_type, "markdown");
      const opening = textOf(notebook.cells[0]?.source ?? "");
      assert.match(opening, /^# /);
      assert.match(opening, /\?/, "asks a question");
    });

    test("claims no number in its prose that the cells do not show", () => {
      const shown = JSON.stringify(
        code.map(({ source, outputs = [] }) => [textOf(source), outputs.map(withoutPictures)]),
      );
      for (const { cell_type, source } of notebook.cells) {
        if (cell_type !== "markdown") continue;
        for (const [number] of withoutCode(textOf(source)).matchAll(/\d+\.\d+|\d+ of \d+/g)) {
          assert.ok(shown.includes(number), `"${number}" stands in the prose only`);
        }
      }
    });

    test("is for this project's kernel and has no injected parameters", () => {
      assert.equal((notebook.metadata.kernelspec as { name?: string } | undefined)?.name, "histo");
      assert.ok(notebook.cells.every((cell) => !cell.metadata.tags?.includes("injected-parameters")));
    });

    test("was run from top to bottom without an error", () => {
      assert.deepEqual(
        code.map((cell) => cell.execution_count),
        code.map((_, i) => i + 1),
      );
      for (const output of code.flatMap((cell) => cell.outputs ?? [])) assert.notEqual(output.output_type, "error");
    });

    test("shows each figure as a picture too, and stays small", () => {
      for (const output of code.flatMap((cell) => cell.outputs ?? [])) {
        if (output.output_type !== "display_data" || !("application/vnd.plotly.v1+json" in output.data)) continue;
        assert.ok(String(output.data["image/png"]).length > 1000);
      }
      assert.ok(statSync(path).size < ONE_MEGABYTE, `${statSync(path).size} bytes`);
    });

    test("names no folder of the machine that it was run on", () => {
      const text = JSON.stringify(
        notebook.cells.map(({ source, outputs = [] }) => [source, outputs.map(withoutPictures)]),
      );
      assert.doesNotMatch(text, /"?\/(home|root|work|Users|tmp)\//);
    });
  });
}

/** Prose without shell lines, code and links: these name versions, options and files. */
function withoutCode(markdown: string): string {
  return markdown.replace(/```[\s\S]*?```|`[^`]*`|\]\([^)]*\)/g, "");
}

function withoutPictures(output: object): object {
  const data = (output as { data?: Record<string, unknown> }).data ?? {};
  const texts = Object.entries(data).filter(([mime]) => !mime.startsWith("image/"));
  return { ...output, data: Object.fromEntries(texts) };
}
