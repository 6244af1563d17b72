/** @module Layers that training does not change: colour features, and a frozen ONNX backbone, whose graph becomes a part of the exported one. */
import { InputError } from "../../errors/index";
import { bytesOf } from "../../files/index";
import {
  CHANNELS,
  type ColourFeaturesConfig,
  colourFeatureCount,
  LARGEST,
  scalesOf,
  THRESHOLDS,
  TINY,
} from "../../models/colour/index";
import type { OnnxBackboneConfig } from "../../models/index";
import { type DecodedNode, type ForeignTensor, plainNumber, readBackbone, readBackboneGraph } from "../../onnx/index";
import type { Converter, ConverterTable } from "../conversion";

/** The configuration of the layer, as tfjs writes it: names in snake case. */
type BackboneConfig = OnnxBackboneConfig & {
  readonly normal_mean: readonly number[];
  readonly normal_std: readonly number[];
};

const onnxBackbone: Converter = async (layer, [input], conversion) => {
  const { graph } = conversion;
  const config = layer.config as unknown as BackboneConfig;
  const file = conversion.besideWeights(config.file);
  const description = await readBackbone(file, config.output);
  if (description.sha256 !== config.sha256) {
    throw new InputError("BACKBONE_CHANGED", `${file} is not the backbone that this run was trained with.`);
  }
  const images = await conversion.channelsFirst(input);
  const perChannel = (name: string, of: (channel: number) => number) =>
    graph.floats(`${layer.name}/${name}`, [3, 1, 1], [0, 1, 2].map(of));
  const { mean, std, normal_mean, normal_std } = config;
  const factor = await perChannel("factor", (c) => std[c]! / normal_std[c]!);
  const addend = await perChannel("addend", (c) => (mean[c]! - normal_mean[c]!) / normal_std[c]!);
  const normalized = graph.node("Add", [graph.node("Mul", [images, factor]), addend]);
  const entry = description.layout === "NCHW" ? normalized : graph.transpose(normalized, [0, 2, 3, 1]);
  const rename = (name: string) =>
    name === "" ? "" : name === description.input ? entry : `${layer.name}/graph/${name}`;
  const model = await readBackboneGraph(file);
  const opsets = new Map(model.opsetImport.map(({ domain, version }) => [domain ?? "", plainNumber(version)]));
  const constants = model.graph.initializer.map((tensor) => ({ ...tensor, name: rename(tensor.name) }));
  await graph.splice(renamed(model.graph.node, rename), constants as ForeignTensor[], opsets);
  const raw = await pooled(graph, rename(description.output), config);
  return conversion.standardized(layer, raw, config.features);
};

/** Nodes with all tensors renamed, also in the branches of control flow. */
function renamed(nodes: readonly DecodedNode[], rename: (name: string) => string): DecodedNode[] {
  const graphOf = <T extends { node: readonly DecodedNode[] }>(graph: T): T => {
    const named = <V extends { name: string }>(values: readonly V[]) =>
      values.map((value) => ({ ...value, name: rename(value.name) }));
    const { input, output, initializer } = graph as unknown as Record<string, { name: string }[]>;
    return {
      ...graph,
      node: renamed(graph.node, rename),
      input: named(input ?? []),
      output: named(output ?? []),
      initializer: named(initializer ?? []),
    };
  };
  return nodes.map((node) => ({
    ...node,
    input: node.input.map(rename),
    output: node.output.map(rename),
    name: rename(node.name ?? ""),
    attribute: (node.attribute ?? []).map((attribute) => ({
      ...attribute,
      ...(attribute.g && { g: graphOf(attribute.g) }),
      ...(attribute.graphs?.length && { graphs: attribute.graphs.map(graphOf) }),
    })),
  }));
}

/** One vector for each image, with operators that have the same meaning in every operator set. */
async function pooled(
  graph: Parameters<Converter>[2]["graph"],
  output: string,
  { rank, pooling, prefix = 0 }: BackboneConfig,
): Promise<string> {
  if (pooling === "none") return output;
  const first = async () => {
    return graph.node("Flatten", [graph.node("Gather", [output, await graph.integers([0])], { axis: 1 })]);
  };
  const mean = (values: string) => {
    const map = rank === 3 ? graph.transpose(values, [0, 2, 1]) : values;
    return graph.node("Flatten", [graph.node("GlobalAveragePool", [map])]);
  };
  if (pooling === "first") return first();
  if (pooling === "mean") return mean(output);
  const patches = await graph.slice(output, 1, prefix, Number.MAX_SAFE_INTEGER);
  return graph.concat([await first(), mean(patches)], 1);
}

export const backboneConverters: ConverterTable = { OnnxBackbone: onnxBackbone };

const colourFeatures: Converter = async (layer, [input], conversion) => {
  const { graph } = conversion;
  const [height, width] = input.shape as [number, number, number];
  const { mean, std } = layer.config as unknown as ColourFeaturesConfig;
  const floats = (name: string, shape: readonly number[], values: readonly number[]) =>
    graph.floats(`${layer.name}/${name}`, shape, values);
  const double = (name: string, value: number) =>
    graph.constant(`${layer.name}/${name}`, "float64", [], bytesOf(Float64Array.of(value)));
  const times255 = (values: readonly number[]) => values.map((value) => 255 * value);
  const factors = await floats("std", [3, 1, 1], times255(std));
  const addends = await floats("mean", [3, 1, 1], times255(mean));
  const scaled = graph.node("Mul", [await conversion.channelsFirst(input), factors]);
  const rounded = graph.node("Round", [graph.node("Add", [scaled, addends])]);
  const levels = graph.node("Clip", [rounded, await floats("black", [], [0]), await floats("white", [], [255])]);
  const kernel = await floats("channels", [6, 3, 1, 1], CHANNELS.matrix.flat());
  const image = graph.node("Conv", [levels, kernel, await floats("addend", [6], CHANNELS.addend)]);
  const spatial = await graph.integers([2, 3]);
  const average = (name: string, keepdims = 0) => graph.node("ReduceMean", [name, spatial], { keepdims });
  const shares = THRESHOLDS.map(async (level, i) => {
    const above = graph.node("Greater", [image, await floats(`level_${i}`, [], [level])]);
    return average(graph.cast("float32", above));
  });
  const largest = await double("largest", LARGEST);
  const tiny = await double("tiny", TINY);
  const spread = (name: string) => {
    const values = graph.node("Div", [graph.cast("float64", name), largest]);
    const offset = graph.node("Sub", [values, average(values, 1)]);
    return graph.node("Sqrt", [graph.node("Add", [average(graph.node("Mul", [offset, offset])), tiny])]);
  };
  // These averages are exact: sums of at most 256 whole numbers up to 510, divided by a power of two.
  const spreads = scalesOf(height).map((scale) => {
    return spread(graph.node("AveragePool", [image], { kernel_shape: [scale, scale], strides: [scale, scale] }));
  });
  const step = async (axis: 2 | 3) => {
    const extent = axis === 2 ? height : width;
    const later = await graph.slice(image, axis, 1, extent);
    const difference = graph.node("Sub", [later, await graph.slice(image, axis, 0, extent - 1)]);
    return average(graph.cast("float64", graph.node("Abs", [difference])));
  };
  const both = graph.node("Add", [await step(2), await step(3)]);
  const steps = graph.node("Div", [both, await double("twice_largest", 2 * LARGEST)]);
  const level = graph.node("Div", [average(graph.cast("float64", image)), largest]);
  const exact = graph.concat([level, spread(image), ...spreads, steps], 1);
  const features = graph.concat([...(await Promise.all(shares)), graph.cast("float32", exact)], 1);
  return conversion.standardized(layer, features, colourFeatureCount(height));
};

export const colourConverters: ConverterTable = { ColourFeatures: colourFeatures };
