/** @module Kept for importers of the former place; the file lives in `src/runs`. */
export { RunDirectory } from "../runs/run-directory";
