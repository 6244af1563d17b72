/** @module Small ONNX feature extractors, written as other tools export theirs. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { modelProto } from "../../src/onnx/schema";
import { Random } from "../../src/random/index";

/** Edge length of the images that they take, and numbers that they give. */
export const BACKBONE_SIZE = 32;
export const BACKBONE_FEATURES = 24;

/** What comes out: a vector, tokens without or with a class token, a map, or several of these. */
export type BackboneKind = "vector" | "tokens" | "class-token" | "map" | "two-outputs";

export interface BackboneFileOptions {
  /** Leave all axes of the input open, as transformers does. */
  readonly openAxes?: boolean;
  /** Name of a file beside it that holds the weights. */
  readonly weightsIn?: string;
  /** Quantize the image by the range of the whole batch first. */
  readonly dynamic?: boolean;
  /** Extents of the image in place of the usual ones. */
  readonly imageShape?: readonly (number | string)[];
  /** A second input beside the image. */
  readonly secondInput?: boolean;
  /** Element type of the image, of `TensorProto.DataType`; float32 (1) unless told, float16 is 10. */
  readonly elementType?: number;
  /** A weight that is no number. */
  readonly broken?: boolean;
  /** Operator set; 17 unless told. From 18 on only kinds without `ReduceMean`. */
  readonly opset?: number;
}

const F = BACKBONE_FEATURES;
const USUAL_SHAPE = ["n", 3, BACKBONE_SIZE, BACKBONE_SIZE];
const ints = (name: string, values: number[]) => ({ name, type: 7, ints: values });
const bytesOf = (values: Float32Array | BigInt64Array) => new Uint8Array(values.buffer);

function info(name: string, dims: readonly (number | string)[], elemType = 1) {
  const dim = dims.map((extent) => (typeof extent === "number" ? { dimValue: extent } : { dimParam: extent }));
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}

const relu = { opType: "Relu", input: ["map"], output: ["active"] };
// ReduceMean takes its axes as an attribute up to operator set 17, as an input from 18 on.
const mean = (output: string) => ({
  opType: "ReduceMean",
  input: ["active"],
  output: [output],
  attribute: [ints("axes", [2, 3]), { name: "keepdims", type: 2, i: 0 }],
});
const tokens = (output: string) => [
  { opType: "Reshape", input: ["active", "tokens_shape"], output: ["flat"] },
  { opType: "Transpose", input: ["flat"], output: [output], attribute: [ints("perm", [0, 2, 1])] },
];

const nodes: Record<BackboneKind, readonly object[]> = {
  vector: [mean("features")],
  tokens: tokens("features"),
  "class-token": [
    ...tokens("patches"),
    { opType: "GlobalMaxPool", input: ["active"], output: ["class"] },
    { opType: "Reshape", input: ["class", "class_shape"], output: ["class_row"] },
    {
      opType: "Concat",
      input: ["class_row", "patches"],
      output: ["features"],
      attribute: [{ name: "axis", type: 2, i: 1 }],
    },
  ],
  map: [{ opType: "Relu", input: ["map"], output: ["features"] }],
  "two-outputs": [...tokens("features"), mean("Pooled_Output")],
};

const outputs: Record<BackboneKind, readonly object[]> = {
  vector: [info("features", ["n", F])],
  tokens: [info("features", ["n", 64, F])],
  "class-token": [info("features", ["n", 65, F])],
  map: [info("features", ["n", F, 8, 8])],
  "two-outputs": [info("features", ["n", 64, F]), info("Pooled_Output", ["n", F])],
};

/** Writes a feature extractor: float32 NCHW in, `features` out. */
export async function writeBackbone(
  path: string,
  kind: BackboneKind,
  { openAxes = false, weightsIn, dynamic = false, opset = 17, ...bad }: BackboneFileOptions = {},
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const random = new Random(3);
  const weights = bytesOf(
    Float32Array.from({ length: F * 3 * 25 }, () => (bad.broken ? Number.NaN : random.normal(0, 0.2))),
  );
  const attribute = [ints("kernel_shape", [5, 5]), ints("strides", [4, 4]), ints("pads", [2, 2, 2, 2])];
  const convolution = { opType: "Conv", input: ["image", "kernel"], output: ["map"], name: "conv", attribute };
  const quantize = { opType: "DynamicQuantizeLinear", input: ["image"], output: ["q", "step", "zero"] };
  const place = { location: weightsIn, offset: "64", length: String(weights.length) };
  const external = {
    dataLocation: 1,
    externalData: Object.entries(place).map(([key, value]) => ({ key, value })),
  };
  if (weightsIn) await writeFile(join(dirname(path), weightsIn), Buffer.concat([Buffer.alloc(64), weights]));
  const shape = (name: string, values: bigint[]) => ({
    name,
    dims: [3],
    dataType: 7,
    rawData: bytesOf(BigInt64Array.from(values)),
  });
  const Model = await modelProto();
  const model = Model.fromObject({
    irVersion: 8,
    opsetImport: [{ domain: "", version: opset }],
    graph: {
      name: "backbone",
      node: [convolution, ...(dynamic ? [quantize] : []), ...(kind === "map" ? [] : [relu]), ...nodes[kind]],
      initializer: [
        { name: "kernel", dims: [F, 3, 5, 5], dataType: 1, ...(weightsIn ? external : { rawData: weights }) },
        shape("tokens_shape", [0n, BigInt(F), -1n]),
        shape("class_shape", [0n, 1n, BigInt(F)]),
      ],
      input: [
        info("image", bad.imageShape ?? (openAxes ? ["n", "c", "h", "w"] : USUAL_SHAPE), bad.elementType),
        ...(bad.secondInput ? [info("mask", ["n", 64])] : []),
      ],
      output: outputs[kind],
    },
  });
  await writeFile(path, Model.encode(model).finish());
}
