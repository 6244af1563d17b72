/** @module The routes and their handlers, and the web page. */
export type { ServiceContext, ServiceLimits } from "./context";
export { checkFeedback } from "./feedback";
export type { RoutedRequest } from "./route";
export { findRoute, refusal } from "./routes";
export type { SlideHost, SlideOrder, SlideState } from "./slide-host";
export { openWeb, WebFiles } from "./web-files";
