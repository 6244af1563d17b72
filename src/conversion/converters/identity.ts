/** @module Layers that do nothing when a model predicts. */
import type { ConverterTable, Value } from "../conversion";

const identity = async (_layer: unknown, [input]: readonly Value[]): Promise<Value> => input as Value;

export const identityConverters: ConverterTable = {
  Dropout: identity,
  CounterDropout: identity,
  SpatialDropout2D: identity,
  AlphaDropout: identity,
  GaussianNoise: identity,
  GaussianDropout: identity,
  ActivityRegularization: identity,
};
