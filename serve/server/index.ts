/** @module The Express server. */
export { type AppOptions, createApp } from "./app";
export { createLogger, type Logger } from "./logging";
export { type RunningServer, type ServerOptions, startServer } from "./start";
export { collectLessOften, PooledModel } from "./workers/index";
