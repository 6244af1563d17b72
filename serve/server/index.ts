/** @module The Express server. */
export { type AppOptions, createApp } from "./app";
export { collectLessOften } from "./collector";
export { createLogger, type Logger } from "./logging";
export { PooledModel } from "./pooled-model";
export { type RunningServer, type ServerOptions, startServer } from "./start";
