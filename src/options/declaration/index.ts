/** @module Declares, checks and lists options. Holds no options itself, so it does not load the models' names. */
export { checkOptions, definedOnly, optionsOfSchema, presentNames } from "./check";
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
export { optionsJsonSchema, optionsTable } from "./table";
