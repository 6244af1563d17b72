/** @module A cold start: from the start of a process to the answer for the first image. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { projectRoot } from "../src/files/index";
import { median } from "./median";

/** Wall-clock time of a whole process that predicts one PNG; medians. */
export interface ColdStart {
  /** `histo predict`. */
  readonly predictSeconds: number;
  /** `node -e` with the predictor. */
  readonly nodeSeconds: number;
}

const REPEATS = 5;

const PROGRAM = `
const { Predictor } = require("./dist/src/inference/index.js");
const { readFileSync } = require("node:fs");
(async () => {
  const predictor = await Predictor.open(process.argv[1]);
  const { logit } = await predictor.predict(readFileSync(process.argv[2]));
  if (!Number.isFinite(logit)) throw new Error("no answer");
  process.exit();
})();`;

/** Measures a model directory with a golden example, whose files are in the system's cache as after an earlier use. */
export async function measureColdStart(model: string): Promise<ColdStart> {
  const image = join(model, "golden.png");
  return {
    predictSeconds: await medianSeconds(["bin/histo.cjs", "predict", "--model", model, "--images", image, "--json"]),
    nodeSeconds: await medianSeconds(["-e", PROGRAM, model, image]),
  };
}

async function medianSeconds(args: readonly string[]): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const started = performance.now();
    await promisify(execFile)(process.execPath, args, { cwd: projectRoot() });
    times.push((performance.now() - started) / 1000);
  }
  return median(times);
}
