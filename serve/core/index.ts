/** @module The service beneath Express and Lambda: routes, errors, models, image sources. */
export type { TokenIssuer } from "./auth";
export { DEFAULT_ENGINE_OPTIONS, Engine, type EngineOptions } from "./engine";
export { FolderImages } from "./folder-images";
export type { ServiceRequest, ServiceResponse } from "./http";
export { IMAGE_NAME_RULE, type ImageEntry, type ImageSource } from "./images";
export { type MemoryShare, RequestMemory } from "./memory";
export { Metrics } from "./metrics";
export { nameModels } from "./model-names";
export { type Answer, type GoldenResult, ModelRegistry, type ServedModel } from "./models";
export { openImages } from "./open-images";
export { PROBLEM_CODES, Problem, type ProblemCode, problemResponse } from "./problem";
export { DEFAULT_LIMITS, type RequestHead, Service, type ServiceLimits, type ServiceOptions } from "./service";
export { apiKeysOf, bitDepthOf, listOf, originsOf, tokensOf } from "./settings";
export type { SlideHost, SlideOrder, SlideState } from "./slides";
export { openWeb } from "./web-files";
