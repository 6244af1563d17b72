/** @module Every option of the project, declared once: type, default, check, flag, help text, JSON schema and table. */
export { checkOptions, definedOnly, optionsOfSchema, presentNames } from "./check";
export { type DatasetOptions, datasetSchema } from "./dataset";
export { changeSchema, deploymentSchema, logsSchema, releaseSchema, removalSchema } from "./deploy";
export {
  between,
  type DeclaredOption,
  flagName,
  group,
  innerSchema,
  type Kind,
  type OptionsSchema,
  option,
  ruleOf,
  whole,
} from "./option";
export { optionsOf, resolveTrainingOptions } from "./resolve";
export { serveSchema } from "./serve";
export { optionsJsonSchema, optionsTable } from "./table";
export {
  BACKBONE_PREFIX,
  defaultTrainingOptions,
  type GivenTrainingOptions,
  type TrainingOptions,
  trainingSchema,
} from "./training";
