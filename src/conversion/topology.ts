/** @module Reads `topology.json` (the output of `tf.LayersModel.toJSON`) into a list of layers in order of use. */
import { InputError } from "../errors/index";
import { readJson } from "../files/index";

/** Settings of a layer as Keras writes them (snake case). */
type LayerConfig = Readonly<Record<string, unknown>>;

/** One use of a layer. */
export interface LayerNode {
  /** Also the prefix of the names of its weights: `dense_1` for `dense_1/kernel`. */
  readonly name: string;
  readonly className: string;
  readonly config: LayerConfig;
  /** Positions, in {@link LayerGraph.nodes}, of the nodes whose outputs are its inputs. */
  readonly inputs: readonly number[];
}

/** A model with one input and one output. Every node comes after the nodes that it uses. */
export interface LayerGraph {
  /** Shape of the input without the batch axis. */
  readonly inputShape: readonly number[];
  /** The first node is the input itself (class `InputLayer`). */
  readonly nodes: readonly LayerNode[];
  /** Position of the output node. */
  readonly output: number;
}

interface SerializedLayer {
  class_name: string;
  name?: string;
  config: Record<string, unknown>;
  inbound_nodes?: [string, number, number, unknown][][];
}

/** Reads and checks a topology file. @throws {InputError} `TOPOLOGY_UNSUPPORTED`, naming the file */
export async function readTopology(path: string): Promise<LayerGraph> {
  const content = await readJson<unknown>(path);
  try {
    return parseTopology(typeof content === "string" ? JSON.parse(content) : content);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const message = `${path} does not describe a layers model that can be exported.`;
    throw new InputError("TOPOLOGY_UNSUPPORTED", message, { cause: error });
  }
}

/** The layers of a model's JSON (`{class_name, config}`, also under `model_config` or `modelTopology`). */
function parseTopology(json: unknown): LayerGraph {
  const outer = json as { model_config?: unknown; modelTopology?: unknown };
  if (outer.modelTopology) return parseTopology(outer.modelTopology);
  if (outer.model_config) return parseTopology(outer.model_config);
  const model = json as SerializedLayer;
  const inputShape = findInputShape(model);
  const nodes: LayerNode[] = [{ name: "input", className: "InputLayer", config: {}, inputs: [] }];
  const output = addModel(model, [0], nodes);
  return { inputShape, nodes, output };
}

function layersOf(model: SerializedLayer): SerializedLayer[] {
  const layers = (model.config as { layers?: unknown }).layers ?? model.config;
  if (!Array.isArray(layers)) throw unsupported(`${model.class_name} has no list of layers.`);
  return layers as SerializedLayer[];
}

function isModel(layer: SerializedLayer): boolean {
  return ["Sequential", "Functional", "Model"].includes(layer.class_name);
}

function findInputShape(model: SerializedLayer): number[] {
  const first = layersOf(model).find((layer) => isModel(layer) || layer.config.batch_input_shape !== undefined);
  if (!first) throw unsupported("No layer tells the input shape.");
  if (isModel(first)) return findInputShape(first);
  const [, ...shape] = first.config.batch_input_shape as (number | null)[];
  if (!shape.every((extent) => typeof extent === "number")) throw unsupported("The input shape is not fixed.");
  return shape as number[];
}

/** Adds the layers of a model after the given input nodes. @returns the position of its output */
function addModel(model: SerializedLayer, inputs: readonly number[], nodes: LayerNode[]): number {
  return model.class_name === "Sequential" ? addSequential(model, inputs, nodes) : addFunctional(model, inputs, nodes);
}

function addLayer(layer: SerializedLayer, inputs: readonly number[], nodes: LayerNode[]): number {
  if (isModel(layer)) return addModel(layer, inputs, nodes);
  const name = String(layer.name ?? layer.config.name);
  return nodes.push({ name, className: layer.class_name, config: layer.config, inputs }) - 1;
}

function addSequential(model: SerializedLayer, inputs: readonly number[], nodes: LayerNode[]): number {
  let last = inputs[0] as number;
  for (const layer of layersOf(model)) {
    if (layer.class_name !== "InputLayer") last = addLayer(layer, [last], nodes);
  }
  return last;
}

function addFunctional(model: SerializedLayer, inputs: readonly number[], nodes: LayerNode[]): number {
  const { input_layers, output_layers } = model.config as Record<string, [string, number, number][]>;
  const outputs = referencesOf(output_layers);
  if (outputs.length !== 1) throw unsupported(`A model with ${outputs.length} outputs cannot be exported.`);
  const done = new Map<string, number>();
  referencesOf(input_layers).forEach((name, i) => {
    done.set(name, inputs[i] as number);
  });
  const byName = new Map(layersOf(model).map((layer) => [String(layer.name ?? layer.config.name), layer]));
  const visit = (key: string): number => {
    const known = done.get(key);
    if (known !== undefined) return known;
    const separator = key.lastIndexOf("#");
    const layer = byName.get(key.slice(0, separator));
    const call = layer && callOf(layer, Number(key.slice(separator + 1)));
    if (!layer || !call) throw unsupported(`The graph refers to a layer ${key} that is not there.`);
    const from = call.map(([name, index]) => visit(`${name}#${index}`));
    const position = addLayer(layer, from, nodes);
    done.set(key, position);
    return position;
  };
  return visit(outputs[0] as string);
}

/** The inputs of one use of a layer. A model counts its own construction as use 0, but does not list it. */
function callOf({ inbound_nodes: calls = [], ...layer }: SerializedLayer, index: number) {
  return calls[index] ?? (isModel(layer) ? calls[index - 1] : undefined);
}

/** `[["a", 0, 0]]` or `["a", 0, 0]` as keys `a#0`. */
function referencesOf(references: unknown): string[] {
  if (!Array.isArray(references)) throw unsupported("Inputs or outputs are missing.");
  const list = (typeof references[0] === "string" ? [references] : references) as [string, number, number][];
  return list.map(([name, index]) => `${name}#${index}`);
}

function unsupported(message: string): InputError {
  return new InputError("TOPOLOGY_UNSUPPORTED", message);
}
