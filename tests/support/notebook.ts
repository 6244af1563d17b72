/** @module Small notebooks for tests. */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { test } from "node:test";
import { codeCell, type Notebook, writeNotebook } from "../../src/notebook/document";
import { runNotebook } from "../../src/notebook/runner";

/** A cell's code, or its code with tags such as `parameters`. */
export type TestCell = string | { readonly code: string; readonly tags: readonly string[] };

/** A notebook of code cells for this project's kernel. */
export function notebookOf(...cells: readonly TestCell[]): Notebook {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: "histo", display_name: "TypeScript (histo)", language: "typescript" } },
    cells: cells.map((cell, i) =>
      typeof cell === "string" ? codeCell(`cell-${i + 1}`, cell) : codeCell(`cell-${i + 1}`, cell.code, cell.tags),
    ),
  };
}

/** Writes a notebook of the given cells and returns its path. */
export async function writeTestNotebook(path: string, ...cells: readonly TestCell[]): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeNotebook(path, notebookOf(...cells));
  return path;
}

/** The text that a run notebook's code cells printed, cell by cell. */
export function printedBy({ cells }: Pick<Notebook, "cells">): string[] {
  return cells
    .filter((cell) => cell.cell_type === "code")
    .map((cell) =>
      (cell.outputs ?? [])
        .map((output) => (output.output_type === "stream" ? [output.text].flat().join("") : ""))
        .join(""),
    );
}

const together: TestCell[] = [];
const preparations: (() => Promise<unknown>)[] = [];
let run: ReturnType<typeof runNotebook> | undefined;

/**
 * A test whose cells end no run: they run in one process with those of all such tests, because a process that checks cells
 * takes seconds to start. Each test's cells run in order, and behind those of the tests declared before it.
 */
export function testCells(
  name: string,
  cells: readonly TestCell[],
  check: (notebook: Pick<Notebook, "cells">) => void,
  prepare: () => Promise<unknown> = async () => undefined,
): void {
  const from = together.push(...cells) - cells.length;
  preparations.push(prepare);
  test(name, async () => {
    run ??= Promise.all(preparations.map((step) => step())).then(() => runNotebook(notebookOf(...together)));
    const { notebook, failure } = await run;
    if (failure) throw new Error(failure.traceback.join("\n"));
    check({ cells: notebook.cells.slice(from, from + cells.length) });
  });
}
