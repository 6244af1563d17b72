/** @module Exported models as prediction and serving need them: the card, and the directory with its checksums. */
export * from "./card-page";
export * from "./model-card";
export * from "./model-directory";
