/** @module The service used by Express and Lambda: routes, errors, models, image sources. */
export {
  type MemoryShare,
  PROBLEM_CODES,
  Problem,
  type ProblemCode,
  problemResponse,
  RequestMemory,
  type ServiceRequest,
  type ServiceResponse,
} from "./http/index";
export { FolderImages, IMAGE_NAME_RULE, type ImageEntry, type ImageSource, openImages } from "./images/index";
export { Metrics } from "./metrics";
export type { TokenIssuer } from "./middleware/index";
export {
  type Answer,
  DEFAULT_ENGINE_OPTIONS,
  Engine,
  type EngineOptions,
  type GoldenResult,
  ModelRegistry,
  nameModels,
  type ServedModel,
} from "./models/index";
export {
  checkFeedback,
  openWeb,
  type ServiceLimits,
  type SlideHost,
  type SlideOrder,
  type SlideState,
} from "./routes/index";
export { Service, type ServiceOptions } from "./service";
export { apiKeysOf, bitDepthOf, listOf, originsOf, tokensOf } from "./settings";
