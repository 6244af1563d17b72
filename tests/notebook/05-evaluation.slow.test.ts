import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { histo, histoJson } from "../support/histo";
import { sharedDirectory } from "../support/temporary-directory";

interface Cell {
  readonly cell_type: string;
  readonly outputs?: readonly {
    readonly output_type: string;
    readonly data?: Readonly<Record<string, string | string[]>>;
  }[];
}

const folder = sharedDirectory();
const data = join(folder, "tiles");
const run = join(folder, "run");
const other = join(folder, "other");

function succeed(...argv: string[]): void {
  const { status, stderr } = histo(...argv);
  assert.equal(status, 0, stderr);
}

test("notebook 05 evaluates any two runs on the same images", () => {
  succeed("data", "synth", "--out", data, "--images", "240", "--size", "48");
  for (const [path, hidden] of [
    [run, "16"],
    [other, "32,8"],
  ] as const) {
    succeed("train", "--data", data, "--run", path, "--size", "48", "--hidden", hidden, "--epochs", "4", "--no-track");
  }
  const notebook = "notebooks/05-evaluation.ipynb";
  const parameters = ["-p", `run=${run}`, "-p", `against=${other}`, "-p", "rule=recall>=0.9", "-p", "mistakes=2"];
  succeed("notebook", "run", notebook, "--out", folder, ...parameters);

  const { cells } = JSON.parse(readFileSync(join(folder, "05-evaluation.ipynb"), "utf8")) as { cells: Cell[] };
  const outputs = cells.flatMap((cell) => cell.outputs ?? []);
  assert.ok(outputs.every((output) => output.output_type === "display_data"));
  const texts = outputs.flatMap(({ data = {} }) => [data["text/markdown"] ?? []].flat()).join("\n");
  const { test: measured } = histoJson<{ test: { confusion: { tp: number } } }>(
    "evaluate",
    "--no-track",
    "--run",
    run,
    "--threshold-rule",
    "recall>=0.9",
  );
  assert.ok(texts.includes(`finds **${measured.confusion.tp}**`), "the figures are those of histo evaluate");
  assert.match(texts, /DeLong p = /);
  assert.doesNotMatch(texts, /NaN|undefined/);
  const pictures = outputs.filter(({ data = {} }) => "image/png" in data);
  assert.ok(pictures.length >= 10, `${pictures.length} pictures`);
});
