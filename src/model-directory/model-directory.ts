/** @module Opens a model directory: reads and checks `model.json`, and checks the checksums of the files. */
import { existsSync, statSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, normalize } from "node:path";
import { hasErrorCode, InputError } from "../errors/index";
import { readJson, sha256, sha256File, sha256FileInThread } from "../files/index";
import { INPUT_TYPES, type ModelCard, OUTPUT_KINDS } from "./model-card";

/** A model whose card has been read, but not its large files. */
export interface ModelDirectory {
  readonly path: string;
  readonly card: ModelCard;
  /** See {@link modelSha256}. */
  readonly sha256: string;
}

/**
 * Reads the card of a model directory, and computes the hashes of the files if the card does not contain them.
 * @throws {InputError} `MODEL_MISSING`, `MODEL_CARD_INVALID` or `MODEL_CORRUPT`, naming the file and the key
 */
export async function readModelDirectory(path: string): Promise<ModelDirectory> {
  const card = await readCard(path);
  return { path, card, sha256: modelSha256(card.files ?? (await hashesOf(path, card.graph))) };
}

/** Reads and checks `model.json`. @throws {InputError} `MODEL_MISSING` or `MODEL_CARD_INVALID`, naming the file and the key */
export async function readCard(path: string): Promise<ModelCard> {
  const cardPath = join(path, "model.json");
  let card: ModelCard;
  try {
    card = await readJson<ModelCard>(cardPath);
  } catch (error) {
    if (!(error instanceof InputError) || error.code !== "FILE_MISSING") throw error;
    throw new InputError("MODEL_MISSING", whyNoModel(path), { cause: error });
  }
  const problem = problemOf(card);
  if (problem) throw new InputError("MODEL_CARD_INVALID", `${cardPath}: ${problem}`);
  return card;
}

/** What is at a path without a model card, and what to name in its place. */
function whyNoModel(path: string): string {
  if (!existsSync(path)) return `The model ${path} does not exist.`;
  const folder = dirname(path);
  if (statSync(path).isFile() && existsSync(join(folder, "model.json"))) {
    return `${path} is a file of a model; name its directory, ${folder}.`;
  }
  const exported = join(path, "model");
  if (existsSync(join(exported, "model.json"))) return `${path} is a training run; its exported model is ${exported}.`;
  if (existsSync(join(path, "history.jsonl"))) {
    return `${path} is a training run; export it with histo export --run ${path} --out DIR, and name DIR.`;
  }
  if (existsSync(join(path, "folds.json"))) {
    return `${path} is a cross-validation, which has a model for each fold; name the model of one of them, a folder in it.`;
  }
  return `${path} is not an exported model: it has no model.json.`;
}

/** SHA-256 of a graph and of the files with its weights, for a card without hashes. */
async function hashesOf(path: string, graph: string): Promise<Record<string, string>> {
  const bytes = await orMissing(path, graph, async (file) => (await stat(file)).size);
  // Graphs with weights in other files are small. Missing files are reported when the graph is loaded.
  const named = bytes > LARGEST_LONE_GRAPH ? [] : locationsIn(await readFile(join(path, graph)));
  const weights = named.filter((name) => existsSync(join(path, name)));
  const hashes = [graph, ...weights].map(async (name) => [name, await orMissing(path, name, sha256File)]);
  return Object.fromEntries(await Promise.all(hashes));
}

const LARGEST_LONE_GRAPH = 2 ** 26;
/** A StringStringEntryProto with the key `location`, up to the length of its value. */
const LOCATION = Buffer.from("\n\blocation\x12");

/** Files with weights that the bytes of a graph name. Searches the bytes because servers do not contain a protobuf reader. */
function locationsIn(graph: Buffer): string[] {
  const names = new Set<string>();
  for (let at = graph.indexOf(LOCATION); at >= 0; at = graph.indexOf(LOCATION, at + 1)) {
    const start = at + LOCATION.length + 1;
    const length = graph[start - 1] as number;
    const name = graph.toString("utf8", start, start + length);
    if (!isAbsolute(name) && !normalize(name).startsWith("..")) names.add(name);
  }
  return [...names];
}

/**
 * One hash for a model of several files: the SHA-256 of the output of `sha256sum` for them, in the order of their names
 * (`sha256sum model.onnx model.onnx.data | sha256sum`).
 */
export function modelSha256(files: Readonly<Record<string, string>>): string {
  const graphFiles = Object.entries(files).filter(([name]) => !/\.(png|json)$/.test(name));
  return sha256(
    graphFiles
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, hash]) => `${hash}  ${name}\n`)
      .join(""),
  );
}

/** For files up to this size, starting a thread takes longer than hashing. */
const SMALL_BYTES = 1 << 20;

/**
 * Runs `open` while the checksums of a model's files are computed, and returns its result only if all are right. The graph and
 * small files are checked before `open` is called, and large weights at the same time.
 * @param open may block its thread, as onnxruntime does
 * @param discard frees the result if a file turns out to be wrong
 * @throws {InputError} `MODEL_CORRUPT`, naming the file; otherwise the errors of `open`
 */
export async function openChecked<T>(
  directory: ModelDirectory,
  open: () => Promise<T>,
  discard: (opened: T) => Promise<void>,
): Promise<T> {
  const { path, card } = directory;
  const names = Object.keys(card.files ?? {});
  const sizes = await Promise.all(names.map((name) => orMissing(path, name, async (file) => (await stat(file)).size)));
  const isFirst = (name: string, i: number) => name === card.graph || (sizes[i] as number) <= SMALL_BYTES;
  // Large files first, because their thread takes some time to start.
  const large = names
    .filter((name, i) => !isFirst(name, i))
    .map((name) => checkFile(directory, name, sha256FileInThread));
  const checking = Promise.allSettled(large);
  await Promise.all(names.filter(isFirst).map((name) => checkFile(directory, name, sha256File)));
  const opening = Promise.allSettled([open()]);
  const wrong = (await checking).find((result) => result.status === "rejected");
  const [opened] = await opening;
  if (wrong) {
    if (opened.status === "fulfilled") await discard(opened.value);
    throw wrong.reason;
  }
  if (opened.status === "rejected") throw opened.reason;
  return opened.value;
}

async function checkFile(
  { path, card }: ModelDirectory,
  name: string,
  hash: (path: string) => Promise<string>,
): Promise<void> {
  if ((await orMissing(path, name, hash)) === card.files?.[name]) return;
  throw new InputError("MODEL_CORRUPT", `${join(path, name)} is not the file that was exported: its checksum differs.`);
}

/** Calls `read` for a file of the model. @throws {InputError} `MODEL_CORRUPT` if the file does not exist */
async function orMissing<T>(path: string, name: string, read: (path: string) => Promise<T>): Promise<T> {
  try {
    return await read(join(path, name));
  } catch (error) {
    if (!hasErrorCode(error, "ENOENT")) throw error;
    throw new InputError("MODEL_CORRUPT", `${join(path, name)} does not exist; copy the whole model directory.`);
  }
}

/** The first problem of a card, in words, or undefined. Cards may be written by hand. */
function problemOf(card: ModelCard): string | undefined {
  if (typeof card !== "object" || card === null) return "it must be an object.";
  if (card.format !== "histo-model/1") return 'format must be "histo-model/1".';
  if (typeof card.name !== "string" || card.name === "") return "name must be a text.";
  const { classes } = card;
  if (!Array.isArray(classes) || classes.length !== 2 || !classes.every((name) => typeof name === "string")) {
    return "classes must be two names, the positive class last.";
  }
  if (typeof card.threshold !== "number" || !(card.threshold >= 0 && card.threshold <= 1)) {
    return "threshold must be a probability between 0 and 1.";
  }
  if (typeof card.graph !== "string" || card.graph !== basename(card.graph)) return "graph must be a file name.";
  for (const name of Object.keys(card.files ?? {}))
    if (name !== basename(name)) return `files: ${name} is not a file name.`;
  if (!oneOf(card.input?.dtype, ...INPUT_TYPES)) return `input.dtype must be one of ${INPUT_TYPES.join(", ")}.`;
  if (!oneOf(card.input.layout, "NHWC", "NCHW")) return 'input.layout must be "NHWC" or "NCHW".';
  if (!oneOf(card.output?.kind, ...OUTPUT_KINDS)) {
    return `output.kind must be one of ${OUTPUT_KINDS.join(", ")}.`;
  }
  return problemOfPreprocessing(card);
}

function problemOfPreprocessing({ preprocessing }: ModelCard): string | undefined {
  if (!Number.isInteger(preprocessing?.size) || preprocessing.size < 1)
    return "preprocessing.size must be a whole number.";
  if (!oneOf(preprocessing.resize, "exact", "stretch", "pad", "crop")) {
    return 'preprocessing.resize must be "exact", "stretch", "pad" or "crop".';
  }
  const { bitDepth = 16, tileEdge = 1 } = preprocessing;
  if (!Number.isInteger(tileEdge) || tileEdge < 1) return "preprocessing.tileEdge must be a whole number.";
  if (!Number.isInteger(bitDepth) || bitDepth < 8 || bitDepth > 16) {
    return "preprocessing.bitDepth must be a whole number from 8 to 16.";
  }
  for (const key of ["mean", "std"] as const) {
    const values = preprocessing[key];
    if (!Array.isArray(values) || values.length !== 3 || !values.every((value) => Number.isFinite(value))) {
      return `preprocessing.${key} must be three numbers (red, green, blue, on the scale 0 to 1).`;
    }
  }
  return preprocessing.std.every((value) => value > 0) ? undefined : "preprocessing.std must be above 0.";
}

function oneOf(value: unknown, ...words: string[]): boolean {
  return typeof value === "string" && words.includes(value);
}

export function readModelFile({ path }: ModelDirectory, name: string): Promise<Buffer> {
  return readFile(join(path, name));
}
