/** @module The routes and their handlers, and the web page. */
export type {
  RoutedRequest,
  ServiceContext,
  ServiceLimits,
  ServiceParts,
  SlideHost,
  SlideOrder,
  SlideState,
} from "./context";
export { checkFeedback } from "./feedback";
export { findRoute, ROUTES, refusal } from "./routes";
export { openWeb, WebFiles } from "./web-files";
