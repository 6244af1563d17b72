/** @module The converters of all layer classes that can be exported. */
import type { ConverterTable } from "../conversion";
import { activationConverters } from "./activation";
import { backboneConverters } from "./backbone";
import { colourConverters } from "./colour";
import { convolutionConverters } from "./convolution";
import { denseConverters } from "./dense";
import { identityConverters } from "./identity";
import { mergingConverters } from "./merging";
import { normalizationConverters } from "./normalization";
import { poolingConverters } from "./pooling";
import { shapeConverters } from "./shape";
import { transformerConverters } from "./transformer";

export const converters: ConverterTable = {
  ...denseConverters,
  ...activationConverters,
  ...convolutionConverters,
  ...poolingConverters,
  ...normalizationConverters,
  ...mergingConverters,
  ...shapeConverters,
  ...identityConverters,
  ...transformerConverters,
  ...colourConverters,
  ...backboneConverters,
};
