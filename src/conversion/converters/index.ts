/** @module The converters of all layer classes that can be exported. */
import { type ConverterTable, identityConverters } from "../conversion";
import { backboneConverters } from "./backbone";
import { colourConverters } from "./colour";
import { convolutionConverters } from "./convolution";
import { denseConverters } from "./dense";
import { shapeConverters } from "./shape";
import { transformerConverters } from "./transformer";

export const converters: ConverterTable = {
  ...denseConverters,
  ...convolutionConverters,
  ...shapeConverters,
  ...identityConverters,
  ...transformerConverters,
  ...colourConverters,
  ...backboneConverters,
};
