/** @module Exported models as prediction and serving need them: card, checked directory, session. Loads no exporter. */
export { describeCompression } from "../compression";
export type { ModelCard } from "../model-card";
export * from "../model-directory";
export { loadRuntime } from "../runtime";
export * from "../session";
export { symmetricEigen } from "../symmetric-eigen";
