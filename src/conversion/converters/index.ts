/** @module The converters of all layer classes that can be exported. */
import { type ConverterTable, identityConverters } from "../conversion";
import { convolutionConverters } from "./convolution";
import { denseConverters } from "./dense";
import { backboneConverters, colourConverters } from "./frozen";
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
