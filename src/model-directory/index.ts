/** @module Reads exported models: the card, and the directory with its checksums. */
export * from "./model-card";
export * from "./model-directory";
