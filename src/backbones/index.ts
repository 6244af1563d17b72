/** @module Pretrained networks: lists and fetches them, and describes their inputs. */
export { type LiteLayer, type LiteShape, liteLayers, liteShape } from "./efficientnet-lite";
export { fetchBackbone, fetchedWhole } from "./fetch";
export { HUB_MODELS, hubModel, type TokenPooling } from "./hub";
export { type Backbone, type BackboneOptions, openBackbone, openPackagedWeights } from "./open";
export { PACKAGED, type PackagedBackbone, packagedFolder, packagedNamed } from "./packages";
