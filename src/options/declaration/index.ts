/** @module How options are declared, checked and shown; without the options themselves, and so without the models' names. */
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
