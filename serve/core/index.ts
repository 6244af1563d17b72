/** @module The service used by Express and Lambda: routes, errors, models, image sources. */
export {
  CLIENT_GONE,
  type MemoryShare,
  Problem,
  type ProblemCode,
  problemResponse,
  REQUEST_TIMEOUT,
  type ServiceRequest,
  type ServiceResponse,
} from "./http/index";
export { FolderImages, IMAGE_NAME_RULE, type ImageSource, openImages } from "./images/index";
export { Metrics } from "./metrics";
export type { TokenIssuer } from "./middleware/index";
export {
  type Answer,
  DEFAULT_ENGINE_OPTIONS,
  Engine,
  type EngineOptions,
  type GoldenResult,
  type LoadedModel,
  ModelRegistry,
  nameModels,
  type ServedModel,
} from "./models/index";
export {
  checkFeedback,
  openWeb,
  type SlideHost,
  type SlideOrder,
  type SlideState,
} from "./routes/index";
export { Service, type ServiceOptions } from "./service";
export { apiKeysOf, bitDepthOf, listOf, originsOf, tokensOf } from "./settings";
