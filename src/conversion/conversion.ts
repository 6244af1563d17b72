/** @module Converts a layers model to an ONNX graph, layer by layer. */
import { dirname, join } from "node:path";
import { InputError } from "../errors/index";
import { bytesOf, type SafetensorsFile } from "../files/index";
import type { GraphBuilder } from "../onnx/index";
import { type ChannelAffine, floatWriter, type LinearMap, type LinearWriter, standardizePixels } from "./linear";
import { storedMatrix } from "./matrix";
import type { LayerGraph, LayerNode } from "./topology";

/** An intermediate result. The tensor in the graph may have another order of axes than in Keras. */
export interface Value {
  /** Name of the tensor in the graph. */
  readonly name: string;
  /** Shape in Keras's order without the batch axis. */
  readonly shape: readonly number[];
  /** True when the tensor in the graph has the channels right after the batch axis. */
  readonly channelsFirst?: boolean;
  /** True if components differ so much in scale that 8 bits with one step would lose the small ones. */
  readonly wideRange?: boolean;
  /** A linear map that is not applied yet. The next dense layer is combined with it. */
  readonly projection?: LinearMap;
  /** The standardization to apply, if the tensor in the graph holds raw uint8 pixels. */
  readonly pixels?: ChannelAffine;
}

/** The inputs of a layer. */
export type Inputs = readonly [Value, ...Value[]];

export type Converter = (layer: LayerNode, inputs: Inputs, conversion: Conversion) => Promise<Value>;

/** Layer classes and their converters. */
export type ConverterTable = Readonly<Record<string, Converter>>;

/** The graph under construction and the weights of the model. */
export class Conversion {
  constructor(
    readonly graph: GraphBuilder,
    private readonly weights: SafetensorsFile,
    private readonly linearWriter: LinearWriter,
    /** Batch normalizations that are folded into the layer before them, by the name of that layer. */
    readonly folded: ReadonlyMap<string, LayerNode>,
    /** Names of projections that are combined with the dense layer after them. */
    readonly foldedProjections: ReadonlySet<string> = new Set(),
  ) {}

  read(layer: LayerNode, weight: string): Promise<Float32Array> {
    return this.weights.read(`${layer.name}/${weight}`);
  }

  async optional(layer: LayerNode, weight: string, length: number, fallback = 0): Promise<Float64Array> {
    const has = this.weights.has(`${layer.name}/${weight}`);
    return has ? Float64Array.from(await this.read(layer, weight)) : new Float64Array(length).fill(fallback);
  }

  /** Adds a weight to the graph as it is. @returns name of the tensor */
  async constant(layer: LayerNode, weight: string): Promise<string> {
    const content = bytesOf(await this.read(layer, weight));
    return this.graph.constant(`${layer.name}/${weight}`, "float32", this.shapeOf(layer, weight), content);
  }

  shapeOf(layer: LayerNode, weight: string): readonly number[] {
    return this.weights.shapeOf(`${layer.name}/${weight}`);
  }

  /** Path of a file in the folder of the weights. */
  besideWeights(name: string): string {
    return join(dirname(this.weights.path), name);
  }

  /** A kernel as a matrix that is read in blocks. */
  matrix(layer: LayerNode, weight: string) {
    return storedMatrix(this.weights, `${layer.name}/${weight}`);
  }

  /** The batch normalization to fold into this layer's weights, as a factor and an addend per output channel. */
  async foldedNormalization(layer: LayerNode): Promise<{ scale: Float64Array; shift: Float64Array } | undefined> {
    const next = this.folded.get(layer.name);
    return next && this.normalizationOf(next);
  }

  /** A batch normalization in inference mode, as a factor and an addend per channel. */
  async normalizationOf(layer: LayerNode): Promise<{ scale: Float64Array; shift: Float64Array }> {
    const mean = await this.read(layer, "moving_mean");
    const variance = await this.read(layer, "moving_variance");
    const gamma = await this.optional(layer, "gamma", mean.length, 1);
    const beta = await this.optional(layer, "beta", mean.length);
    const epsilon = (layer.config.epsilon as number | undefined) ?? 1e-3;
    const scale = gamma.map((g, i) => g / Math.sqrt((variance[i] as number) + epsilon));
    return { scale, shift: beta.map((b, i) => b - (mean[i] as number) * (scale[i] as number)) };
  }

  /** Applies the standardization that a layer of features ends with. */
  async standardized(layer: LayerNode, features: string, count: number): Promise<Value> {
    const shifted = this.graph.node("Sub", [features, await this.constant(layer, "shift")]);
    const scale = await this.constant(layer, "scale");
    return { name: this.graph.node("Mul", [shifted, scale], {}, layer.name), shape: [count] };
  }

  /** Applies a linear map to the last axis. If the input is a whole image, standardization is folded into the map. */
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
    return this.graph.transpose(value.name, [0, 2, 3, 1]);
  }

  /** An image value as a float32 tensor with the channels first. */
  async channelsFirst(value: Value): Promise<string> {
    if (value.channelsFirst) return value.name;
    return this.graph.transpose(await this.keras(value), [0, 3, 1, 2]);
  }
}

/** Converts all layers after an input value. @returns the model's output value */
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
    const inputs = node.inputs.map((position) => values[position]) as [Value, ...Value[]];
    values.push(absorbed.has(node) ? inputs[0] : await converterOf(node, table)(node, inputs, conversion));
  }
  return values[layers.output] as Value;
}

function converterOf(node: LayerNode, table: ConverterTable): Converter {
  const converter = table[node.className];
  if (converter) return converter;
  const message = `Layer ${node.name} is a ${node.className}, which cannot be exported to ONNX; known are ${Object.keys(table).join(", ")}.`;
  throw new InputError("LAYER_UNSUPPORTED", message);
}

const LINEAR_LAYERS = ["Dense", "BlockDense", "Conv2D", "DepthwiseConv2D"];

/** Batch normalizations directly after a linear layer that has no other use, so that both form one linear layer. */
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

/** Layers that do nothing during prediction. */
const identity: Converter = async (_layer, [input]) => input;

export const identityConverters: ConverterTable = {
  Dropout: identity,
  CounterDropout: identity,
  SpatialDropout2D: identity,
  AlphaDropout: identity,
  GaussianNoise: identity,
  GaussianDropout: identity,
  ActivityRegularization: identity,
};
