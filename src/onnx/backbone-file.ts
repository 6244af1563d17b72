/** @module A feature extractor in an ONNX file (exported from timm, transformers or torchvision): what goes in and out. */
import { readFile } from "node:fs/promises";
import { hasErrorCode, InputError, messageOf } from "../errors/index";
import { sha256 } from "../files/index";
import { elementTypes, modelProto } from "./schema";

/** What a run has to know of a backbone. Plain data. */
export interface BackboneDescription {
  /** SHA-256 of the file. */
  readonly sha256: string;
  readonly input: string;
  readonly output: string;
  readonly layout: "NCHW" | "NHWC";
  /** Edge length that it was exported for; absent where it takes any. */
  readonly size?: number;
  /** Axes of the output: 2 [n, f], 3 [n, tokens, f] (the first token is taken), 4 a feature map (its mean is taken). */
  readonly outputRank: 2 | 3 | 4;
}

interface Dimension {
  readonly dimValue?: { toNumber(): number } | number;
}
interface GraphValueInfo {
  readonly name: string;
  readonly type?: { tensorType?: { elemType?: number; shape?: { dim?: Dimension[] } } };
}

/** Parts of a decoded ModelProto. */
export interface DecodedModel {
  readonly opsetImport: readonly { domain?: string; version?: { toNumber(): number } | number }[];
  readonly graph: {
    readonly node: readonly DecodedNode[];
    readonly initializer: readonly { name: string; rawData?: Uint8Array; dataLocation?: number }[];
    readonly input: readonly GraphValueInfo[];
    readonly output: readonly GraphValueInfo[];
  };
}

export interface DecodedNode {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name?: string;
  readonly domain?: string;
  readonly attribute?: readonly { g?: DecodedModel["graph"]; graphs?: DecodedModel["graph"][] }[];
}

/** A number that protobuf may have wrapped. */
export const plainNumber = (value: { toNumber(): number } | number | undefined): number =>
  typeof value === "number" ? value : (value?.toNumber() ?? 0);

/**
 * Reads a backbone. Its first input must be float32 images of three channels, its first output features.
 * @throws {InputError} `BACKBONE_MISSING` or `BACKBONE_UNSUPPORTED`, naming the file and the reason
 */
export async function readBackbone(path: string): Promise<{ description: BackboneDescription; model: DecodedModel }> {
  const unsupported = (reason: string, cause?: unknown) =>
    new InputError("BACKBONE_UNSUPPORTED", `${path} cannot be a backbone: ${reason}.`, { cause });
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) throw new InputError("BACKBONE_MISSING", `The backbone ${path} does not exist.`);
    throw unsupported(messageOf(error), error);
  }
  let model: DecodedModel;
  try {
    model = (await modelProto()).decode(bytes) as unknown as DecodedModel;
  } catch (error) {
    throw unsupported("it is not an ONNX file", error);
  }
  if (!model.graph) throw unsupported("it is not an ONNX file");
  const { graph } = model;
  if (graph.initializer.some(({ dataLocation }) => dataLocation === 1)) {
    throw unsupported("its weights lie in another file; save it as one file");
  }
  const constants = new Set(graph.initializer.map(({ name }) => name));
  const inputs = graph.input.filter(({ name }) => !constants.has(name));
  const [input] = inputs;
  const [output] = graph.output;
  if (!input || !output || inputs.length !== 1) throw unsupported(`it has ${inputs.length} inputs instead of one`);
  const shape = shapeOf(input);
  if (input.type?.tensorType?.elemType !== elementTypes.float32 || shape.length !== 4) {
    throw unsupported("its input is not float32 with four axes");
  }
  const layout = shape[1] === 3 ? "NCHW" : shape[3] === 3 ? "NHWC" : undefined;
  if (!layout) throw unsupported("its input has no axis of three channels");
  const outputRank = shapeOf(output).length;
  if (outputRank < 2 || outputRank > 4) throw unsupported(`its output has ${outputRank} axes`);
  const size = shape[2];
  const description: BackboneDescription = {
    sha256: sha256(bytes),
    input: input.name,
    output: output.name,
    layout,
    outputRank: outputRank as 2 | 3 | 4,
    ...(size && { size }),
  };
  return { description, model };
}

/** Extents of a value; 0 for those that are free. */
function shapeOf({ type }: GraphValueInfo): number[] {
  return (type?.tensorType?.shape?.dim ?? []).map(({ dimValue }) => plainNumber(dimValue));
}

/** Mean and deviation that ImageNet's models expect. */
export const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
