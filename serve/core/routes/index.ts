/** @module The routes and their handlers, and the web page. */
export { findRoute, isServicePath, type Route } from "./routes";
export type { SlideHost, SlideOrder, SlideState } from "./slides";
export { openWeb, WebFiles } from "./web-files";
