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
import type { Converter, ConverterTable } from "../conversion";

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
  const average = (name: string, keepdims = 0) =>
    graph.node("ReduceMean", [name, spatial], { attributes: { keepdims } });
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
    const attributes = { kernel_shape: [scale, scale], strides: [scale, scale] };
    return spread(graph.node("AveragePool", [image], { attributes }));
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
