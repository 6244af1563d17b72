/** @module Pooling over windows and over whole images or sequences. */
import type { Converter, ConverterTable } from "../conversion";
import { windowOf } from "./windows";

/** ONNX excludes padding from averages by default, as TensorFlow does. */
function pooling(opType: "MaxPool" | "AveragePool"): Converter {
  return async (layer, [value], conversion) => {
    const strides = layer.config.strides ?? layer.config.pool_size;
    const window = windowOf({ ...layer, config: { ...layer.config, strides } }, layer.config.pool_size, value.shape);
    const name = conversion.graph.node(opType, [await conversion.channelsFirst(value)], {
      name: layer.name,
      attributes: window.attributes,
    });
    return { name, shape: [...window.output, value.shape[2] as number], channelsFirst: true };
  };
}

/** Reduces all axes between the batch and the channels. */
function globalPooling(opType: "ReduceMean" | "ReduceMax"): Converter {
  return async (layer, [value], conversion) => {
    const inner = value.shape.slice(0, -1).map((_, i) => i + (value.channelsFirst ? 2 : 1));
    const tensor = value.pixels ? await conversion.keras(value) : value.name;
    const name = conversion.graph.node(opType, [tensor, await conversion.graph.integers(inner)], {
      name: layer.name,
      attributes: { keepdims: 0 },
    });
    return { name, shape: value.shape.slice(-1) };
  };
}

export const poolingConverters: ConverterTable = {
  MaxPooling2D: pooling("MaxPool"),
  AveragePooling2D: pooling("AveragePool"),
  GlobalAveragePooling2D: globalPooling("ReduceMean"),
  GlobalMaxPooling2D: globalPooling("ReduceMax"),
  GlobalAveragePooling1D: globalPooling("ReduceMean"),
  GlobalMaxPooling1D: globalPooling("ReduceMax"),
};
