/** @module Turns a layers model into an ONNX graph: what converters of single layers work with. */
import { dirname, join } from "node:path";
import { InputError } from "../errors/index";
import type { SafetensorsFile } from "../files/index";
import type { GraphBuilder } from "../onnx/index";
import { type ChannelAffine, floatWriter, type LinearMap, type LinearWriter, standardizePixels } from "./linear";
import { storedMatrix } from "./matrix";
import type { LayerGraph, LayerNode } from "./topology";

export type { ChannelAffine };

/** An intermediate result. Its name in the graph may stand for another arrangement than its Keras meaning. */
export interface Value {
  /** Name of the tensor in the graph. */
  readonly name: string;
  /** Shape in Keras's order without the batch axis. */
  readonly shape: readonly number[];
  /** True when the tensor in the graph has the channels right after the batch axis. */
  readonly channelsFirst?: boolean;
  /** True where components differ so much in scale that 8 bits with one step would lose the small ones. */
  readonly wideRange?: boolean;
  /** Present when a linear map is still to be applied, together with the dense layer that comes next. */
  readonly projection?: LinearMap;
  /** Present when the tensor in the graph holds raw uint8 pixels, still to be standardized like this. */
  readonly pixels?: ChannelAffine;
}

/** Converts one layer. */
export type Converter = (layer: LayerNode, inputs: readonly Value[], conversion: Conversion) => Promise<Value>;

/** Layer classes and their converters. */
export type ConverterTable = Readonly<Record<string, Converter>>;

/** The graph under construction together with the weights that go into it. */
export class Conversion {
  constructor(
    readonly graph: GraphBuilder,
    private readonly weights: SafetensorsFile,
    private readonly linearWriter: LinearWriter,
    /** Batch normalizations that the layer before them has taken in, by the name of that layer. */
    readonly folded: ReadonlyMap<string, LayerNode>,
    /** Names of projections that become one with the dense layer behind them. */
    readonly foldedProjections: ReadonlySet<string> = new Set(),
  ) {}

  /** Reads a weight of a layer whole. */
  read(layer: LayerNode, weight: string): Promise<Float32Array> {
    return this.weights.read(`${layer.name}/${weight}`);
  }

  has(layer: LayerNode, weight: string): boolean {
    return this.weights.has(`${layer.name}/${weight}`);
  }

  shapeOf(layer: LayerNode, weight: string): readonly number[] {
    return this.weights.shapeOf(`${layer.name}/${weight}`);
  }

  /** Path of a file that the run keeps beside its weights. */
  besideWeights(name: string): string {
    return join(dirname(this.weights.path), name);
  }

  /** A kernel as a matrix that is read in blocks. */
  matrix(layer: LayerNode, weight: string) {
    return storedMatrix(this.weights, `${layer.name}/${weight}`);
  }

  /** The batch normalization to be taken in by this layer's weights, as a factor and an addend per output channel. */
  async foldedNormalization(layer: LayerNode): Promise<{ scale: Float64Array; shift: Float64Array } | undefined> {
    const next = this.folded.get(layer.name);
    return next && this.normalizationOf(next);
  }

  /** A batch normalization in inference mode, as a factor and an addend per channel. */
  async normalizationOf(layer: LayerNode): Promise<{ scale: Float64Array; shift: Float64Array }> {
    const mean = await this.read(layer, "moving_mean");
    const variance = await this.read(layer, "moving_variance");
    const gamma = this.has(layer, "gamma") ? await this.read(layer, "gamma") : undefined;
    const beta = this.has(layer, "beta") ? await this.read(layer, "beta") : undefined;
    const epsilon = (layer.config.epsilon as number | undefined) ?? 1e-3;
    const scale = Float64Array.from(variance, (v, i) => (gamma?.[i] ?? 1) / Math.sqrt(v + epsilon));
    return { scale, shift: Float64Array.from(scale, (s, i) => (beta?.[i] ?? 0) - (mean[i] as number) * s) };
  }

  /** A linear map of the last axis. Standardization of raw pixels is folded into it where the whole image is the input. */
  async linear(name: string, input: Value, map: LinearMap): Promise<Value> {
    const shape = [...input.shape.slice(0, -1), map.matrix.columns];
    if (input.pixels && input.shape.length === 1) {
      return { name: await this.linearWriter.pixels(this.graph, name, input.name, map, input.pixels), shape };
    }
    const writer = input.wideRange ? floatWriter : this.linearWriter;
    const output = await writer.floats(this.graph, name, await this.keras(input), map, shape.length + 1);
    return { name: output, shape };
  }

  /** The value as a float32 tensor in Keras's order. */
  async keras(value: Value): Promise<string> {
    if (value.pixels) return standardizePixels(this.graph, value.name, value.shape, value.pixels);
    if (!value.channelsFirst) return value.name;
    return this.graph.node("Transpose", [value.name], { attributes: { perm: [0, 2, 3, 1] } });
  }

  /** An image value as a float32 tensor with the channels first. */
  async channelsFirst(value: Value): Promise<string> {
    if (value.channelsFirst) return value.name;
    return this.graph.node("Transpose", [await this.keras(value)], { attributes: { perm: [0, 3, 1, 2] } });
  }
}

/** Converts all layers behind an input value. @returns the model's output value */
export async function convertLayers(
  layers: LayerGraph,
  input: Value,
  table: ConverterTable,
  makeConversion: (folded: ReadonlyMap<string, LayerNode>) => Conversion,
): Promise<Value> {
  const folded = findFoldable(layers);
  const absorbed = new Set(folded.values());
  const conversion = makeConversion(folded);
  const values: Value[] = [input];
  for (const node of layers.nodes.slice(1)) {
    const inputs = node.inputs.map((position) => values[position] as Value);
    values.push(absorbed.has(node) ? (inputs[0] as Value) : await converterOf(node, table)(node, inputs, conversion));
  }
  return values[layers.output] as Value;
}

function converterOf(node: LayerNode, table: ConverterTable): Converter {
  const converter = table[node.className];
  if (converter) return converter;
  throw new InputError(
    "LAYER_UNSUPPORTED",
    `Layer ${node.name} is a ${node.className}, which cannot be exported to ONNX; known are ${Object.keys(table).join(", ")}.`,
  );
}

const LINEAR_LAYERS = ["Dense", "BlockDense", "Conv2D", "DepthwiseConv2D"];

/** Batch normalizations directly behind a linear layer that has no other use: both together are one linear layer. */
function findFoldable({ nodes }: LayerGraph): Map<string, LayerNode> {
  const uses = new Map<number, number>();
  for (const { inputs } of nodes) for (const input of inputs) uses.set(input, (uses.get(input) ?? 0) + 1);
  const timesNamed = new Map<string, number>();
  for (const { name } of nodes) timesNamed.set(name, (timesNamed.get(name) ?? 0) + 1);
  const folded = new Map<string, LayerNode>();
  for (const node of nodes) {
    const [position] = node.inputs;
    const before = position === undefined ? undefined : nodes[position];
    if (node.className !== "BatchNormalization" || before === undefined || uses.get(position as number) !== 1) continue;
    const linear = LINEAR_LAYERS.includes(before.className) && (before.config.activation ?? "linear") === "linear";
    if (linear && timesNamed.get(before.name) === 1) folded.set(before.name, node);
  }
  return folded;
}
