/** @module Pretrained networks: lists and fetches them, and describes their inputs. */
export { type LiteLayer, type LiteShape, liteLayers, liteShape } from "./efficientnet-lite-shape";
export { type FetchedBackbone, fetchBackbone } from "./fetch";
export type { FetchContext } from "./hub";
export { HUB_MODELS, type HubModel, hubModel, type TokenPooling } from "./hub-models";
export type { BackboneNormalization } from "./normalization";
export { type Backbone, type BackboneOptions, openBackbone } from "./open";
export { PACKAGED, type PackagedBackbone, packagedFolder, packagedNamed } from "./packages";
export { openPackagedWeights } from "./weights";
