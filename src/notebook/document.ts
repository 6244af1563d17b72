/** @module Reads, checks and writes notebook files (nbformat 4 JSON). */
import { stat } from "node:fs/promises";
import { InputError } from "../errors/index";
import { readJson, writeFileAtomically } from "../files/index";

/** An output of a code cell, as in nbformat 4. */
export type Output =
  | { output_type: "stream"; name: "stdout" | "stderr"; text: string | string[] }
  | { output_type: "display_data"; data: Record<string, unknown>; metadata: Record<string, unknown> }
  | { output_type: "execute_result"; data: Record<string, unknown>; metadata: Record<string, unknown> }
  | ({ output_type: "error" } & CellFailure);

export interface CellFailure {
  ename: string;
  evalue: string;
  traceback: string[];
}

export interface Cell {
  id?: string;
  cell_type: "code" | "markdown" | "raw";
  metadata: { tags?: string[]; [key: string]: unknown };
  source: string | string[];
  execution_count?: number | null;
  outputs?: Output[];
}

export interface Notebook {
  nbformat: number;
  nbformat_minor: number;
  metadata: Record<string, unknown>;
  cells: Cell[];
}

/** Joins a text that nbformat stores as one string or as a list of lines. */
export function textOf(value: string | readonly string[]): string {
  return typeof value === "string" ? value : value.join("");
}

/** Splits a text into nbformat's list of lines, each with its line end. */
function linesOf(text: string): string[] {
  return text === "" ? [] : text.split(/(?<=\n)/);
}

export function hasTag(cell: Cell, tag: string): boolean {
  return cell.metadata.tags?.includes(tag) ?? false;
}

export function codeCell(id: string, code: string, tags: readonly string[] = []): Cell {
  const metadata = tags.length > 0 ? { tags: [...tags] } : {};
  return { id, cell_type: "code", metadata, source: linesOf(code), execution_count: null, outputs: [] };
}

/**
 * Reads a notebook.
 * @throws {InputError} `FILE_MISSING`, `FILE_NOT_JSON`, or `NOTEBOOK_INVALID` if it is not an nbformat 4 notebook
 */
export async function readNotebook(path: string): Promise<Notebook> {
  if (!path.endsWith(".ipynb") && (await stat(path).catch(() => undefined))?.isFile()) {
    throw new InputError("NOTEBOOK_INVALID", `${path} is not a notebook: name a file that ends in .ipynb.`);
  }
  const value = await readJson<Partial<Notebook> | null>(path);
  if (value?.nbformat !== 4 || !Array.isArray(value.cells) || !value.cells.every(isCell)) {
    const message = `${path} is not a Jupyter notebook of format 4 (nbformat 4, a list of cells).`;
    throw new InputError("NOTEBOOK_INVALID", message);
  }
  return { nbformat: 4, nbformat_minor: value.nbformat_minor ?? 5, metadata: value.metadata ?? {}, cells: value.cells };
}

function isCell(value: unknown): value is Cell {
  const cell = value as Partial<Cell> | null;
  const source = cell?.source;
  return (
    typeof cell === "object" &&
    cell !== null &&
    ["code", "markdown", "raw"].includes(cell.cell_type ?? "") &&
    typeof cell.metadata === "object" &&
    (typeof source === "string" || (Array.isArray(source) && source.every((line) => typeof line === "string")))
  );
}

/** Writes a notebook atomically in the form of nbformat itself (sorted keys, lists of lines). */
export async function writeNotebook(path: string, notebook: Notebook): Promise<void> {
  // Cells have ids since nbformat 4.5; before, an injected cell must not have one.
  const withoutId = notebook.nbformat_minor < 5 && { id: undefined };
  const cells = notebook.cells.map((cell) => ({
    ...cell,
    ...withoutId,
    ...(cell.cell_type === "code" && { outputs: (cell.outputs ?? []).map(outputInLines) }),
  }));
  await writeFileAtomically(path, `${JSON.stringify({ ...notebook, cells }, sortKeys, 1)}\n`);
}

function outputInLines(output: Output): Output {
  if (output.output_type === "stream") return { ...output, text: linesOf(textOf(output.text)) };
  if (output.output_type === "error") return output;
  const data = Object.entries(output.data).map(([mime, value]) =>
    typeof value === "string" && (mime.startsWith("text/") || mime === "image/svg+xml")
      ? [mime, linesOf(value)]
      : [mime, value],
  );
  return { ...output, data: Object.fromEntries(data) };
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
