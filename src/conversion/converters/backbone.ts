/** @module A frozen ONNX backbone in a model. Its graph becomes a part of the exported graph. */
import { InputError } from "../../errors/index";
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
    const token = graph.node("Gather", [output, await graph.integers([0])], { attributes: { axis: 1 } });
    return graph.node("Flatten", [token]);
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
