/** @module Reads a feature extractor in an ONNX file (exported from timm, transformers or torchvision): its inputs and outputs. */
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize, sep } from "node:path";
import { hasErrorCode, InputError, messageOf } from "../errors/index";
import { sha256, sha256File } from "../files/index";
import { type FilePart, wholeOf } from "./external-data";
import { EXTERNAL_LOCATION, elementTypes, modelProto } from "./schema";

/** The description of a backbone, as plain data. */
export interface BackboneDescription {
  /** SHA-256 of the file, or of the hashes of all files if the weights are in other files. */
  readonly sha256: string;
  readonly input: string;
  readonly output: string;
  readonly outputIndex: number;
  readonly layout: "NCHW" | "NHWC";
  /** Version of ONNX's own operator set. */
  readonly opset: number;
  /** Edge length of its input. Missing if it is not fixed or not declared. */
  readonly size?: number;
  /** Files with its weights, relative to its folder. Empty if the weights are in the file itself. */
  readonly weightFiles: readonly string[];
  /** Number of values in its float constants. */
  readonly parameters: number;
}

/** A whole number, which protobuf may wrap in an object. */
type Whole = { toNumber(): number } | number;

export interface Dimension {
  readonly dimValue?: Whole;
}
export interface GraphValueInfo {
  readonly name: string;
  readonly type?: { tensorType?: { elemType?: number; shape?: { dim?: Dimension[] } } };
}
export interface Constant {
  readonly name: string;
  readonly dims?: readonly Whole[];
  readonly dataType?: number;
  readonly int64Data?: readonly Whole[];
  rawData?: Uint8Array;
  /** The place of large contents that were not read. */
  outside?: FilePart;
  dataLocation?: number;
  externalData?: { key: string; value: string }[];
}

/** The used parts of a decoded ModelProto. */
export interface DecodedModel {
  readonly opsetImport: readonly { domain?: string; version?: Whole }[];
  readonly functions?: readonly { name?: string }[];
  readonly graph: {
    readonly node: readonly DecodedNode[];
    readonly initializer: readonly Constant[];
    readonly input: readonly GraphValueInfo[];
    readonly output: readonly GraphValueInfo[];
  };
}

export interface DecodedNode {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name?: string;
  readonly opType?: string;
  readonly domain?: string;
  readonly attribute?: readonly DecodedAttribute[];
}

export interface DecodedAttribute {
  readonly name?: string;
  readonly type?: number;
  readonly i?: Whole;
  readonly ints?: readonly Whole[];
  readonly t?: Constant;
  readonly g?: DecodedModel["graph"];
  readonly graphs?: DecodedModel["graph"][];
}

export const plainNumber = (value: Whole | undefined): number =>
  typeof value === "number" ? value : (value?.toNumber() ?? 0);

/** Types of constants that are not weights but shapes, indices and conditions: int32, int64 and bool of `TensorProto.DataType`. */
const INDEX_TYPES: ReadonlySet<number> = new Set([elementTypes.int32, elementTypes.int64, 9]);

const unsupported = (path: string, reason: string, cause?: unknown) =>
  new InputError("BACKBONE_UNSUPPORTED", `${path} cannot be a backbone: ${reason}.`, { cause });

/**
 * Reads a backbone, whose only input are float32 images. @param wanted name or index of the output; by default the first that fits
 * @throws {InputError} `BACKBONE_MISSING` or `BACKBONE_UNSUPPORTED`, naming the file and the reason
 */
export async function readBackbone(path: string, wanted: string | number = ""): Promise<BackboneDescription> {
  const { model, bytes } = await decode(path);
  const { graph } = model;
  const weightFiles = externalFiles(path, model);
  const constants = new Set(graph.initializer.map(({ name }) => name));
  const inputs = graph.input.filter(({ name }) => !constants.has(name));
  const [input] = inputs;
  if (!input || inputs.length !== 1) throw unsupported(path, `it has ${inputs.length} inputs instead of one`);
  const shape = shapeOf(input);
  if (input.type?.tensorType?.elemType !== elementTypes.float32 || shape.length !== 4) {
    throw unsupported(path, "its input is not float32 with four axes (images, channels, height, width); export it so");
  }
  // Exports from transformers leave all four axes open, and are NCHW.
  const open = shape[1] === 0 && shape[3] === 0;
  const layout = shape[1] === 3 || open ? "NCHW" : shape[3] === 3 ? "NHWC" : undefined;
  if (!layout) throw unsupported(path, "its input has no axis of three channels");
  const dynamic = graph.node.find(({ opType = "" }) => opType.startsWith("DynamicQuantize"));
  if (dynamic) {
    const reason = `${dynamic.opType} makes an image's features depend on the other images of its batch`;
    throw unsupported(path, `${reason}; use the float file, or a statically quantized one`);
  }
  if (shape[0]) throw unsupported(path, `its batch axis is fixed at ${shape[0]}; export it with an open batch axis`);
  const [height = 0, width = 0] = layout === "NCHW" ? shape.slice(2) : shape.slice(1);
  if (height && width && height !== width) {
    throw unsupported(
      path,
      `it takes images of ${width}x${height} pixels; export it for square ones, or with open axes`,
    );
  }
  const outputIndex = chooseOutput(path, graph.output, wanted);
  const size = height || width;
  return {
    sha256: await hashOf(path, bytes, weightFiles),
    input: input.name,
    output: (graph.output[outputIndex] as GraphValueInfo).name,
    outputIndex,
    layout,
    opset: plainNumber(model.opsetImport.find(({ domain }) => !domain)?.version),
    weightFiles,
    parameters: graph.initializer.reduce((sum, constant) => sum + weightsIn(constant), 0),
    ...(size && { size }),
  };
}

/**
 * A backbone's graph. Large weights in other files stay there, see {@link Constant.outside}.
 * @throws {InputError} as {@link readBackbone}
 */
export async function readBackboneGraph(path: string): Promise<DecodedModel> {
  const { model } = await decode(path);
  const sizes = new Map<string, number>();
  for (const name of externalFiles(path, model)) sizes.set(name, await weightBytes(path, name));
  for (const tensor of model.graph.initializer) {
    if (tensor.dataLocation !== EXTERNAL_LOCATION) continue;
    const { location = "", offset: start = "0", length: given } = placeOf(tensor);
    const name = normalize(location);
    const size = sizes.get(name) as number;
    const offset = Number(start);
    const length = given === undefined ? size - offset : Number(given);
    if (offset + length > size) throw unsupported(path, `its weights ${name} are cut off`);
    const part = { path: join(dirname(path), name), offset, length };
    if (length <= HELD_BYTES) tensor.rawData = await wholeOf(part);
    else tensor.outside = part;
    delete tensor.dataLocation;
    delete tensor.externalData;
  }
  return model;
}

/** Smaller constants, such as shapes, are read with the graph. */
const HELD_BYTES = 2 ** 16;

async function weightBytes(path: string, name: string): Promise<number> {
  try {
    return (await stat(join(dirname(path), name))).size;
  } catch (error) {
    throw weightsUnreadable(path, name, error);
  }
}

function weightsUnreadable(path: string, name: string, error: unknown): InputError {
  return unsupported(path, `its weights ${name} cannot be read (${messageOf(error)})`, error);
}

/** Names of the files with a graph's weights, relative to its folder. @throws {InputError} as {@link readBackbone} */
export async function weightFilesOf(path: string): Promise<string[]> {
  return externalFiles(path, (await decode(path)).model);
}

async function decode(path: string): Promise<{ model: DecodedModel; bytes: Uint8Array }> {
  const bytes = await read(path);
  let model: DecodedModel;
  try {
    model = (await modelProto()).decode(bytes) as unknown as DecodedModel;
  } catch (error) {
    throw unsupported(path, "it is not an ONNX file", error);
  }
  if (!model.graph) throw unsupported(path, "it is not an ONNX file");
  if (model.functions?.length) throw unsupported(path, "it has functions of its own; export it with them inlined");
  return { model, bytes };
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) throw new InputError("BACKBONE_MISSING", `The backbone ${path} does not exist.`);
    if (hasErrorCode(error, "EISDIR")) throw unsupported(path, await folderWords(path), error);
    throw unsupported(path, messageOf(error), error);
  }
}

/** What to name in place of a folder. */
async function folderWords(path: string): Promise<string> {
  const found = (await readdir(path)).filter((name) => name.endsWith(".onnx")).sort();
  return `it is a folder; ${found.length > 0 ? `name a file in it: ${found.slice(0, 3).join(", ")}` : "it holds no ONNX file"}`;
}

function placeOf({ externalData = [] }: Constant): { location?: string; offset?: string; length?: string } {
  return Object.fromEntries(externalData.map(({ key, value }) => [key, value]));
}

/** The files that contain constants. They must be in the graph's folder or below. */
function externalFiles(path: string, { graph }: DecodedModel): string[] {
  const names = graph.initializer
    .filter(({ dataLocation }) => dataLocation === EXTERNAL_LOCATION)
    .map((tensor) => normalize(placeOf(tensor).location ?? ""));
  const outside = names.find((name) => name === "." || isAbsolute(name) || name.split(sep)[0] === "..");
  if (outside) throw unsupported(path, `its weights are outside its folder (${outside})`);
  return [...new Set(names)];
}

async function hashOf(path: string, bytes: Uint8Array, weightFiles: readonly string[]): Promise<string> {
  const own = sha256(bytes);
  if (weightFiles.length === 0) return own;
  const hashes = [own];
  for (const name of weightFiles) {
    try {
      hashes.push(await sha256File(join(dirname(path), name)));
    } catch (error) {
      throw weightsUnreadable(path, name, error);
    }
  }
  return sha256(hashes.join());
}

function chooseOutput(path: string, outputs: readonly GraphValueInfo[], wanted: string | number): number {
  const names = outputs.map(({ name }) => name).join(", ");
  const usable = (output: GraphValueInfo | undefined) => {
    const rank = output ? shapeOf(output).length : 0;
    return output?.type?.tensorType?.elemType === elementTypes.float32 && rank >= 2 && rank <= 4;
  };
  const matches = wanted ? ({ name }: GraphValueInfo) => name === wanted : usable;
  const at = typeof wanted === "number" ? wanted : outputs.findIndex(matches);
  if (wanted !== "" && !outputs[at]) throw unsupported(path, `it has no output ${wanted}, only ${names}`);
  if (!usable(outputs[at])) {
    throw unsupported(path, `its output ${wanted || names} is not float32 with two to four axes`);
  }
  return at;
}

function weightsIn({ dims = [], dataType = 0 }: Constant): number {
  return INDEX_TYPES.has(dataType) ? 0 : dims.reduce<number>((product, extent) => product * plainNumber(extent), 1);
}

/** Extents of a value, with 0 for open axes. */
function shapeOf({ type }: GraphValueInfo): number[] {
  return (type?.tensorType?.shape?.dim ?? []).map(({ dimValue }) => plainNumber(dimValue));
}
