/** @module The figures of a finished run, by name: for MLflow, notebooks and the terminal alike. */
import { readRun } from "../evaluation/index";
import type { Figure } from "../plots/index";
import { runFigures as figuresOf } from "../report/index";
import type { RunDirectory } from "../runs/index";

/** Figures made from the files of a run. */
export async function runFigures(run: RunDirectory): Promise<Record<string, Figure>> {
  return figuresOf(await readRun(run.path));
}
