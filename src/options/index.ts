/** @module Every option of the project, declared once: type, default, check, flag, help text, JSON schema and table. */
export { type DatasetOptions, datasetSchema } from "./dataset";
export * from "./declaration/index";
export { changeSchema, deploymentSchema, logsSchema, pricesSchema, releaseSchema, removalSchema } from "./deploy";
export { leastBatch, optionsOf, resolveTrainingOptions } from "./resolve";
export { serveSchema } from "./serve";
export { slideSchema } from "./slide/index";
export * from "./training";
