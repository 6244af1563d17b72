/** @module Layers that do nothing during prediction. */
import type { Converter, ConverterTable } from "../conversion";

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
