/**
 * @module Colour and texture features (`ColourFeatures` of the models room) as ONNX operations. Sums are of whole numbers in
 * double precision, so they are the same on every processor.
 */

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
import type { Converter, ConverterTable, Value } from "../conversion";

/** Element types in the attributes of ONNX. */
const [FLOAT, DOUBLE] = [1, 11];

const colourFeatures: Converter = async (layer, [input], conversion) => {
  const value = input as Value;
  const { graph } = conversion;
  const [height, width] = value.shape as [number, number, number];
  const { mean, std } = layer.config as unknown as ColourFeaturesConfig;
  const floats = (name: string, shape: readonly number[], values: readonly number[]) =>
    graph.floats(`${layer.name}/${name}`, shape, values);
  const double = (name: string, value: number) =>
    graph.constant(`${layer.name}/${name}`, "float64", [], bytesOf(Float64Array.of(value)));
  const cast = (name: string, to: number) => graph.node("Cast", [name], { attributes: { to: { int: to } } });
  const factors = await floats(
    "std",
    [3, 1, 1],
    std.map((s) => 255 * s),
  );
  const addends = await floats(
    "mean",
    [3, 1, 1],
    mean.map((m) => 255 * m),
  );
  const scaled = graph.node("Mul", [await conversion.channelsFirst(value), factors]);
  const rounded = graph.node("Round", [graph.node("Add", [scaled, addends])]);
  const levels = graph.node("Clip", [rounded, await floats("black", [], [0]), await floats("white", [], [255])]);
  const kernel = await floats("channels", [6, 3, 1, 1], CHANNELS.matrix.flat());
  const image = graph.node("Conv", [levels, kernel, await floats("addend", [6], CHANNELS.addend)]);
  const spatial = await graph.integers([2, 3]);
  const average = (name: string, keepdims = 0) =>
    graph.node("ReduceMean", [name, spatial], { attributes: { keepdims: { int: keepdims } } });
  const shares = THRESHOLDS.map(async (level, i) => {
    const above = graph.node("Greater", [image, await floats(`level_${i}`, [], [level])]);
    return average(cast(above, FLOAT));
  });
  const largest = await double("largest", LARGEST);
  const tiny = await double("tiny", TINY);
  const spread = (name: string) => {
    const values = graph.node("Div", [cast(name, DOUBLE), largest]);
    const offset = graph.node("Sub", [values, average(values, 1)]);
    return graph.node("Sqrt", [graph.node("Add", [average(graph.node("Mul", [offset, offset])), tiny])]);
  };
  // Of at most 256 whole numbers up to 510, and by a power of two: exact.
  const spreads = scalesOf(height).map((scale) =>
    spread(
      graph.node("AveragePool", [image], { attributes: { kernel_shape: [scale, scale], strides: [scale, scale] } }),
    ),
  );
  const slice = async (axis: number, from: number, to: number) =>
    graph.node("Slice", [image, ...(await Promise.all([[from], [to], [axis]].map((list) => graph.integers(list))))]);
  const step = async (axis: 2 | 3) => {
    const extent = axis === 2 ? height : width;
    const difference = graph.node("Sub", [await slice(axis, 1, extent), await slice(axis, 0, extent - 1)]);
    return average(cast(graph.node("Abs", [difference]), DOUBLE));
  };
  const both = graph.node("Add", [await step(2), await step(3)]);
  const steps = graph.node("Div", [both, await double("twice_largest", 2 * LARGEST)]);
  const level = graph.node("Div", [average(cast(image, DOUBLE)), largest]);
  const concat = (parts: readonly string[]) => graph.node("Concat", parts, { attributes: { axis: { int: 1 } } });
  const exact = concat([level, spread(image), ...spreads, steps]);
  const features = concat([...(await Promise.all(shares)), cast(exact, FLOAT)]);
  const weight = async (name: string) => {
    const values = await conversion.read(layer, name);
    return graph.floats(`${layer.name}/${name}`, [values.length], values);
  };
  const shifted = graph.node("Sub", [features, await weight("shift")]);
  const name = graph.node("Mul", [shifted, await weight("scale")], { name: layer.name });
  return { name, shape: [colourFeatureCount(height)] };
};

export const colourConverters: ConverterTable = { ColourFeatures: colourFeatures };
