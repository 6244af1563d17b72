/** @module Export of trained runs as model directories that everything else reads. */
export { type ExportResult, exportRun, type Variant } from "./export";
