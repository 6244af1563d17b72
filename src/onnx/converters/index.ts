/** @module The converters of all layer classes that can be exported. */
import type { ConverterTable } from "../conversion";
import { activationConverters } from "./activation";
import { denseConverters } from "./dense";
import { identityConverters } from "./identity";

export const converters: ConverterTable = {
  ...denseConverters,
  ...activationConverters,
  ...identityConverters,
};
