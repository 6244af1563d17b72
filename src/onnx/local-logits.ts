/**
 * @module Changes the graph of a network that ends in a global average of features, so that it computes a logit for each place
 * instead of for the mean. With a linear head, the mean of these logits is the network's own logit, and they are its class
 * activation map.
 * @see Zhou and others 2016, "Learning Deep Features for Discriminative Localization", section 2
 */
import { InputError } from "../errors/index";
import { type Constant, type DecodedNode, plainNumber, readBackboneGraph } from "./backbone-file";
import { wholeOf } from "./external-data";
import { modelProto } from "./schema";

type Graph = Awaited<ReturnType<typeof readBackboneGraph>>["graph"];

/** The node that averages the features. */
interface Average {
  readonly node: DecodedNode;
  readonly layout: "NCHW" | "NHWC";
  /** The average keeps the two axes of places, with length 1. */
  readonly keepsAxes: boolean;
}

/** Largest number of bytes of constants that are held in memory a second time. */
const LARGEST = 2 ** 30;

/**
 * The changed graph, including its weights. Its output has one row for each place, row-major. @param output name of the logit
 * @returns undefined if the logit does not depend on exactly one global average, or if the file has parts that cannot be copied
 */
export async function localLogitsGraph(path: string, output: string): Promise<Uint8Array | undefined> {
  const model = await readBackboneGraph(path).catch((error: unknown) => {
    if (error instanceof InputError && error.code === "BACKBONE_UNSUPPORTED") return undefined;
    throw error;
  });
  if (!model) return undefined;
  const { graph } = model;
  const bytes = graph.initializer.reduce((sum, { rawData, outside = rawData }) => sum + (outside?.length ?? 0), 0);
  const average = bytes > LARGEST ? undefined : lastAverage(graph, output);
  if (!average) return undefined;
  for (const tensor of graph.initializer) {
    if (tensor.outside) tensor.rawData = await wholeOf(tensor.outside);
  }
  const { node: pool } = average;
  const nodes = graph.node.flatMap((node) => (node === pool ? placesAsBatch(average) : [node]));
  const initializer = [...graph.initializer, ...SHAPES.map(([name, shape]) => integers(name, shape))];
  // Without the declared shapes, which have one row for each image.
  const outputs = graph.output.map(({ name, type }) => {
    return { name, type: { tensorType: { elemType: type?.tensorType?.elemType } } };
  });
  const Model = await modelProto();
  const changed = { ...model, graph: { ...graph, node: nodes, initializer, output: outputs } };
  return Model.encode(Model.create(changed)).finish();
}

const PREFIX = "local-logits";
const SHAPES = [
  [`${PREFIX}/flat`, [0, -1]],
  [`${PREFIX}/places`, [0, 0, 1, 1]],
] as const;

function integers(name: string, values: readonly number[]) {
  return { name, dataType: 7, dims: [values.length], int64Data: values };
}

/** Nodes that turn the features of n images at h x w places into those of n h w images with one place. */
function placesAsBatch({ node, layout, keepsAxes }: Average): DecodedNode[] {
  const [features = ""] = node.input;
  const [averaged = ""] = node.output;
  const transpose = (input: string, output: string, perm: readonly number[]): DecodedNode => {
    const attribute = [{ name: "perm", ints: perm, type: 7 }];
    return { opType: "Transpose", input: [input], output: [output], attribute };
  };
  const reshape = (input: string, shape: string, output: string): DecodedNode => {
    return { opType: "Reshape", input: [input, shape], output: [output] };
  };
  const rows = keepsAxes ? `${PREFIX}/rows` : averaged;
  return [
    transpose(features, `${PREFIX}/channels`, layout === "NCHW" ? [1, 0, 2, 3] : [3, 0, 1, 2]),
    reshape(`${PREFIX}/channels`, `${PREFIX}/flat`, `${PREFIX}/columns`),
    transpose(`${PREFIX}/columns`, rows, [1, 0]),
    ...(keepsAxes ? [reshape(rows, `${PREFIX}/places`, averaged)] : []),
  ];
}

/** The only average through which the image influences the logit. */
function lastAverage(graph: Graph, output: string): Average | undefined {
  const makers = new Map(graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)));
  const open = [output];
  const seen = new Set<string>();
  let found: Average | undefined;
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const node = makers.get(name);
    if (!node) {
      if (graph.input.some((input) => input.name === name && !isConstant(graph, name))) return undefined;
      continue;
    }
    const average = averageOf(graph, node);
    if (!average) open.push(...node.input);
    else if (found && found.node !== node) return undefined;
    else found = average;
  }
  return found;
}

function isConstant(graph: Graph, name: string): boolean {
  return graph.initializer.some((tensor) => tensor.name === name);
}

/** Describes a node that averages over the two axes of places. */
function averageOf(graph: Graph, node: DecodedNode): Average | undefined {
  if (node.opType === "GlobalAveragePool") return { node, layout: "NCHW", keepsAxes: true };
  if (node.opType !== "ReduceMean") return undefined;
  const keep = node.attribute?.find(({ name }) => name === "keepdims");
  const axes = axesOf(graph, node).join();
  const layout = axes === "2,3" ? "NCHW" : axes === "1,2" ? "NHWC" : undefined;
  const keepsAxes = !keep || plainNumber(keep.i) === 1;
  // Not supported, because it needs another shape and no network here has it.
  if (!layout || (keepsAxes && layout === "NHWC")) return undefined;
  return { node, layout, keepsAxes };
}

function axesOf(graph: Graph, { input, attribute }: DecodedNode): number[] {
  const listed = attribute?.find(({ name }) => name === "axes")?.ints?.map(plainNumber);
  const axes = listed ?? (input[1] === undefined ? [] : constantNamed(graph, input[1]));
  return axes.map((axis) => (axis < 0 ? axis + 4 : axis)).sort();
}

function constantNamed(graph: Graph, name: string): number[] {
  const node = graph.node.find(({ opType, output }) => opType === "Constant" && output.includes(name));
  const tensor: Constant | undefined = node?.attribute?.[0]?.t ?? graph.initializer.find((one) => one.name === name);
  if (!tensor) return [];
  if (tensor.int64Data && tensor.int64Data.length > 0) return tensor.int64Data.map(plainNumber);
  const raw = Buffer.from(tensor.rawData ?? []);
  return Array.from({ length: raw.length / 8 }, (_, i) => Number(raw.readBigInt64LE(i * 8)));
}
