/** @module Served models: their engine with decoders and micro-batches, and the registry. */
export { DEFAULT_ENGINE_OPTIONS, Engine, type EngineOptions } from "./engine";
export {
  type Answer,
  type Explanation,
  type GoldenResult,
  type InferenceBackend,
  type LoadedModel,
  type ModelCalls,
  ModelRegistry,
  nameModels,
  type ServedModel,
} from "./served-model";
