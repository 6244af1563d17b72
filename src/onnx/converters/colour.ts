/** @module Colour and texture features (`ColourFeatures` of the models room) as ONNX operations. */
import { channelMap, scalesOf, THRESHOLDS } from "../../models/layers/colour-levels";
import type { Converter, ConverterTable, Value } from "../conversion";

const colourFeatures: Converter = async (layer, [input], conversion) => {
  const value = input as Value;
  const { graph } = conversion;
  const [height, width] = value.shape as [number, number, number];
  const { mean, std } = layer.config as unknown as Parameters<typeof channelMap>[0];
  const { matrix, addend } = channelMap({ mean, std });
  // Conv wants [out, in, 1, 1]; the map is [in, out].
  const turned = Array.from({ length: 18 }, (_, i) => matrix[(i % 3) * 6 + Math.floor(i / 3)] as number);
  const kernel = await graph.floats(`${layer.name}/channels`, [6, 3, 1, 1], turned);
  const image = graph.node("Conv", [
    await conversion.channelsFirst(value),
    kernel,
    await graph.floats(`${layer.name}/addend`, [6], addend),
  ]);
  const spatial = await graph.integers([2, 3]);
  const average = (name: string) => graph.node("ReduceMean", [name, spatial], { attributes: { keepdims: { int: 0 } } });
  const shares = THRESHOLDS.map(async (level, i) => {
    const above = graph.node("Greater", [image, await graph.scalar(`${layer.name}/level_${i}`, level)]);
    return average(graph.node("Cast", [above], { attributes: { to: { int: 1 } } }));
  });
  const tiny = await graph.scalar(`${layer.name}/tiny`, 1e-8);
  const spread = (name: string) => {
    const centre = graph.node("ReduceMean", [name, spatial], { attributes: { keepdims: { int: 1 } } });
    const offset = graph.node("Sub", [name, centre]);
    return graph.node("Sqrt", [graph.node("Add", [average(graph.node("Mul", [offset, offset])), tiny])]);
  };
  const spreads = scalesOf(height).map((scale) =>
    spread(
      graph.node("AveragePool", [image], { attributes: { kernel_shape: [scale, scale], strides: [scale, scale] } }),
    ),
  );
  const slice = async (axis: number, from: number, to: number) =>
    graph.node("Slice", [image, ...(await Promise.all([[from], [to], [axis]].map((list) => graph.integers(list))))]);
  const step = async (axis: 2 | 3) => {
    const extent = axis === 2 ? height : width;
    return average(
      graph.node("Abs", [graph.node("Sub", [await slice(axis, 1, extent), await slice(axis, 0, extent - 1)])]),
    );
  };
  const both = graph.node("Add", [await step(2), await step(3)]);
  const steps = graph.node("Mul", [both, await graph.scalar(`${layer.name}/half`, 0.5)]);
  const parts = [...(await Promise.all(shares)), average(image), spread(image), ...spreads, steps];
  const features = graph.node("Concat", parts, { attributes: { axis: { int: 1 } } });
  const weight = async (name: string) => {
    const values = await conversion.read(layer, name);
    return graph.floats(`${layer.name}/${name}`, [values.length], values);
  };
  const shifted = graph.node("Sub", [features, await weight("shift")]);
  const name = graph.node("Mul", [shifted, await weight("scale")], { name: layer.name });
  return { name, shape: [parts.length * 6] };
};

export const colourConverters: ConverterTable = { ColourFeatures: colourFeatures };
