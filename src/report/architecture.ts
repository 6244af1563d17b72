/** @module Reads the layers of a trained network from its files. */
import { existsSync } from "node:fs";
import { readJson, SafetensorsFile, sizeOf } from "../files/index";
import type { LayerBox } from "../plots/index";
import type { RunDirectory } from "../runs/index";

interface KerasLayer {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>> & { readonly name: string };
}

/** Layers to draw: not those that only reshape, drop or activate. */
const DRAWN =
  /^(InputLayer|.*Dense|.*Conv2D|.*Pooling2D|Subspace.*|LayerNormalization|BatchNormalization|.*Attention.*)$/;

/**
 * The layers as boxes: names and sizes from the topology, numbers of weights from the header of the weight file. Empty if
 * the run lacks these files or has an unknown topology.
 */
export async function readLayers({ topology, bestWeights }: RunDirectory): Promise<LayerBox[]> {
  if (!existsSync(topology) || !existsSync(bestWeights)) return [];
  try {
    const { config } = await readJson<{ config?: { layers?: KerasLayer[] } | KerasLayer[] }>(topology);
    const layers = Array.isArray(config) ? config : (config?.layers ?? []);
    const counts = await weightsByLayer(bestWeights);
    return layers.filter(({ class_name }) => DRAWN.test(class_name)).map((layer) => boxOf(layer, counts));
  } catch {
    return [];
  }
}

async function weightsByLayer(path: string): Promise<Map<string, number>> {
  const file = await SafetensorsFile.open(path);
  const counts = new Map<string, number>();
  for (const { name, shape } of file.entries()) {
    const layer = name.slice(0, name.lastIndexOf("/"));
    counts.set(layer, (counts.get(layer) ?? 0) + sizeOf(shape));
  }
  await file.close();
  return counts;
}

function boxOf({ class_name, config }: KerasLayer, counts: ReadonlyMap<string, number>): LayerBox {
  const input = (config.batch_input_shape ?? config.batchInputShape) as (number | null)[] | undefined;
  const shape = class_name === "InputLayer" && input ? input.slice(1).map(Number) : [];
  const size = shape.length > 0 ? sizeOf(shape) : Number(config.units ?? config.filters ?? config.rank ?? 0);
  const activation =
    typeof config.activation === "string" && config.activation !== "linear" ? ` ${config.activation}` : "";
  return {
    name: config.name,
    kind: class_name === "InputLayer" ? "input" : `${class_name}${activation}`,
    output: shape.length > 0 ? shape.join(" × ") : size > 0 ? String(size) : config.name,
    size,
    parameters: counts.get(config.name) ?? 0,
  };
}
