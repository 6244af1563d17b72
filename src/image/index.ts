/** @module Images: decoding, resizing, standardization; independent of data sets and models. */
export {
  AUGMENTATIONS,
  type Augmentation,
  augmentationNamed,
  createAugmentation,
  type PixelAugmentation,
} from "./augment/index";
export {
  DEFAULT_RESIZE,
  decodeImage,
  decodePixels,
  fitImage,
  imageFormat,
  type SampleMeaning,
  strictlyFirst,
} from "./decode";
export { type DecodeLimits, TILE_EDGE } from "./limits";
export {
  type PixelPreparation,
  type PreparedImage,
  prepareImage,
  preparePixels,
  standardizationTable,
  standardize,
} from "./prepare";
export {
  type ImageWarning,
  isShrunk,
  type Preprocessing,
  type ResizePolicy,
  type RgbImage,
  resizedSide,
  type StainNormalization,
  tileEdgeOf,
  WARNING_TEXTS,
} from "./preprocessing/index";
export { fitStain, type StainFitOptions, type StainMethod, stainNormalizer } from "./stain/index";
export { jpegOf, type RawPicture, thumbnail } from "./thumbnail";
export { encodePng, imageSize } from "./with-sharp";
