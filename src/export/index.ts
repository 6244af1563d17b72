/** @module Exports trained runs as model directories. */
export { type ExportResult, exportRun, type Variant } from "./export";
