/** @module The figures of a finished run, by name: for MLflow, notebooks and the terminal alike. */
import type { Figure } from "../plots/index";
import type { RunDirectory } from "../runs/index";

/** Figures made from the files of a run. */
export async function runFigures(_run: RunDirectory): Promise<Record<string, Figure>> {
  return {};
}
