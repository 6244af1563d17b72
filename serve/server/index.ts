/** @module The Express server. */
export { createApp } from "./app";
export { createLogger } from "./logging";
export { type RunningServer, type ServerOptions, startServer } from "./start";
export { collectLessOften, PooledModel } from "./workers/index";
