/** @module A fair comparison of techniques. Each training runs in its own process, so that its peak memory can be measured. */
import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { type BackboneOptions, fetchBackbone, openBackbone } from "../backbones/index";
import { type DatasetOptions, datasetContentHash, loadDataset, type Reading } from "../dataset/index";
import { HistoError, InputError, Interrupted, messageOf } from "../errors/index";
import { delongTest, labelsAndScores, type Prediction, pairedRows, readPredictions } from "../evaluation/index";
import { makeOutputFolder, projectRoot, readJson, sha256, takeLock, writeJson } from "../files/index";
import { BACKBONE_PREFIX, defaultTrainingOptions } from "../options/index";
import { type Progress, silentProgress } from "../progress/index";
import { RunDirectory } from "../runs/index";
import { writeComparisonPage } from "./comparison-page";
import {
  type ComparedTechniques,
  type ComparisonRow,
  ensembleRow,
  type FailedTechnique,
  measureRow,
  verdictOn,
} from "./measure";
import type { ParentTracking } from "./parent-run";
import type { Logged } from "./run-log";
import { backboneTechnique, type Choice, type Technique, techniquesNamed } from "./techniques";
import { ComparisonTracker } from "./track-comparison";
import { type ProcessContext, type ProcessTraining, readingOf, storedResult, trainOnce } from "./train-process";

export interface TechniqueComparisonOptions {
  readonly data: string;
  /** How to read the directory, if it cannot be told from its files. */
  readonly dataset?: DatasetOptions;
  /** Holds a run of each technique and the comparison's files. Finished runs are kept; those of other options or images are an error. */
  readonly out: string;
  readonly models: readonly string[];
  /** An ONNX file or a name on the hub (`hf:owner/name`): adds a row, a linear head on this feature extractor. */
  readonly backbone?: string;
  /** Inputs and outputs of {@link backbone}, if its file does not describe them. */
  readonly backboneOptions?: Partial<BackboneOptions>;
  /** Edge length of the models' input. A backbone made for one size keeps its own. */
  readonly size: number;
  /** Largest number of epochs for each technique. */
  readonly epochs?: number;
  readonly seed?: number;
  /** Log to MLflow: a run for the comparison, and a nested run for each training. */
  readonly track?: ParentTracking;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

export interface TechniqueComparison extends ComparedTechniques, Logged {
  readonly size: number;
  readonly seed: number;
}

/** Default folder of a comparison: a different one for each data set, size, seed and number of epochs. */
export function comparisonDirectory(
  options: Pick<TechniqueComparisonOptions, "data" | "dataset" | "size" | "epochs" | "seed">,
): string {
  const { data, dataset = {}, size, epochs = null, seed = 0 } = options;
  const key = sha256(JSON.stringify([resolve(data), dataset, size, epochs, seed])).slice(0, 8);
  return join(projectRoot(), "runs", `comparison-${basename(resolve(data))}-${key}`);
}

/**
 * Trains and measures the techniques one after the other. If one fails, the reason is recorded and the others continue.
 * @throws {InputError} `TECHNIQUE_UNKNOWN`, `BACKBONE_...`, `COMPARISON_OTHER`, before anything is written @throws {Interrupted}
 */
export async function compareTechniques(options: TechniqueComparisonOptions): Promise<TechniqueComparison> {
  const { data, dataset = {}, size, progress = silentProgress, signal } = options;
  const context = { progress, ...(signal && { signal }) };
  const techniques: Entry[] = [];
  for (const technique of techniquesNamed(options.models)) techniques.push({ technique, size: technique.size ?? size });
  if (options.backbone) techniques.push(await backboneOf(options, context));
  const out = resolve(options.out);
  const reading = await readingOf(techniques.flatMap(({ technique }) => runsOf(technique, out)));
  const dataHash = await datasetContentHash(await loadDataset(data, dataset, reading));
  const place = { ...options, out, dataHash, reading };
  for (const entry of techniques) await checkStoredRuns(entry, place);
  await makeOutputFolder("--out", out);
  const unlock = await takeLock(join(out, "lock"), (holder) => {
    const message = `--out ${out}: process ${holder} is comparing there; wait for it or choose another.`;
    return new InputError("COMPARISON_BUSY", message);
  });
  const settings = { seed: 0, ...options };
  let tracker: ComparisonTracker | undefined;
  try {
    tracker = await ComparisonTracker.start(out, settings, options.track, progress);
    const rows: ComparisonRow[] = [];
    const failed: FailedTechnique[] = [];
    for (const [i, { technique, size }] of techniques.entries()) {
      const { name, title } = technique;
      progress.say(`${title} (${i + 1} of ${techniques.length})`);
      try {
        for (const needed of technique.needs ?? []) await fetchBackbone(needed, context);
        rows.push(await trainAndMeasure(technique, { ...place, size }, { ...context, tracker }));
      } catch (error) {
        if (error instanceof Interrupted || signal?.aborted) throw error;
        const isUnavailable = error instanceof HistoError && error.code === "BACKBONE_UNREACHABLE";
        failed.push({ name, title, size, reason: messageOf(error), ...(isUnavailable && { isUnavailable }) });
        progress.say(`${title} failed: ${messageOf(error)}`);
      }
    }
    const comparison = await writeComparison(rows, failed, place);
    return { ...comparison, ...(await tracker?.finish(comparison)) };
  } catch (error) {
    await tracker?.fail(error);
    throw error;
  } finally {
    unlock();
  }
}

/** Adds the ensemble and the differences from the baseline, and writes the files. */
async function writeComparison(
  rows: ComparisonRow[],
  failed: readonly FailedTechnique[],
  { data, size, seed = 0, out }: Place,
): Promise<TechniqueComparison> {
  const runOf = (name: string) => new RunDirectory(join(out, name));
  const predictions = new Map<string, Prediction[]>();
  for (const { name } of rows) predictions.set(name, await readPredictions(runOf(name).predictions("test")));
  const ensemble = rows.length >= 2 ? await ensembleRow(rows, runOf) : undefined;
  if (ensemble && "row" in ensemble) {
    rows.push(ensemble.row);
    predictions.set(ensemble.row.name, ensemble.test);
  }
  const compared = rows.map((row) => againstBaseline(row, predictions));
  const verdict = verdictOn(compared, ensemble && "alone" in ensemble ? ensemble.alone : undefined);
  const comparison = { data: resolve(data), size, seed, rows: compared, failed, verdict };
  await writeJson(join(out, "comparison.json"), comparison);
  await writeComparisonPage(join(out, "comparison.html"), comparison);
  return comparison;
}

/** A technique and the size of its input. */
interface Entry {
  readonly technique: Technique;
  readonly size: number;
}

/** `out` is absolute, and `size` is the technique's. */
type Place = TechniqueComparisonOptions & { readonly dataHash: string; readonly reading: Reading };
type Context = ProcessContext & { readonly tracker: ComparisonTracker | undefined };

/** The directories of a technique's trainings. */
function runsOf({ name, choices = [] }: Technique, out: string): string[] {
  return [join(out, name), ...choices.map((choice) => choiceRun(out, name, choice))];
}

function choiceRun(out: string, technique: string, { name }: Choice): string {
  return join(out, "choices", technique, name);
}

/** Checks before hours of training that stored results belong to this comparison. @throws {InputError} `COMPARISON_OTHER` */
async function checkStoredRuns({ technique, size }: Entry, place: Place): Promise<void> {
  const { choices } = technique;
  const here = { ...place, size };
  const known = choices?.map((choice) => choiceTraining(technique, choice, here)) ?? [fullTraining(technique, here)];
  for (const training of known) await storedResult(training);
}

/** The training that a row describes. */
function fullTraining(technique: Technique, place: Place, chosen?: Choice): ProcessTraining {
  const options = { ...optionsOf(technique, place), ...chosen?.options };
  const bestOf = chosen && technique.choices?.length;
  return { ...trainingOn(place), run: join(place.out, technique.name), options, export: "fp32", bestOf };
}

/** A training with half the epochs, to select a choice. */
function choiceTraining(technique: Technique, choice: Choice, place: Place): ProcessTraining {
  const settings = optionsOf(technique, place);
  const options = { ...settings, ...choice.options, epochs: Math.ceil(settings.epochs / 2) };
  const run = choiceRun(place.out, technique.name, choice);
  return { ...trainingOn(place), run, options, export: "none" };
}

function trainingOn({ data, dataset = {}, dataHash, reading }: Place) {
  return { data: resolve(data), dataset, dataHash, reading };
}

function optionsOf(technique: Technique, { size, seed = 0, epochs: most = Number.POSITIVE_INFINITY }: Place) {
  const recipe = technique.options(size);
  return { ...recipe, epochs: Math.min(recipe.epochs ?? defaultTrainingOptions.epochs, most), size, seed };
}

async function trainAndMeasure(technique: Technique, place: Place, context: Context): Promise<ComparisonRow> {
  const { tracker } = context;
  const chosen = technique.choices && (await choose(technique, place, context));
  const result = await trainOnce(fullTraining(technique, place, chosen), {
    ...context,
    tracking: tracker?.training(technique.name, "comparison"),
  });
  const note = chosen && `${chosen.title}: best of ${technique.choices?.length} on validation`;
  const file = join(result.run, "row.json");
  const isNew = !existsSync(file);
  const row = isNew
    ? await measureRow({ ...technique, ...(note && { note }) }, result, place.size)
    : await readJson<ComparisonRow>(file);
  tracker?.measured(row, isNew);
  if (isNew) await writeJson(file, row);
  return row;
}

/** The best choice on validation after half of the epochs, or the first of several equal ones. Does not use the test set. */
async function choose(technique: Technique, place: Place, context: Context): Promise<Choice | undefined> {
  let best: { choice: Choice; rocAuc: number } | undefined;
  for (const choice of technique.choices ?? []) {
    const { validation } = await trainOnce(choiceTraining(technique, choice, place), {
      ...context,
      tracking: context.tracker?.training(technique.name, "choice"),
    });
    context.progress.say(`${choice.title}: validation AUC ${validation.rocAuc.toFixed(3)}`);
    if (!best || validation.rocAuc > best.rocAuc) best = { choice, rocAuc: validation.rocAuc };
  }
  return best?.choice;
}

/** The technique that uses the backbone, with the size of its input. */
async function backboneOf(
  options: TechniqueComparisonOptions,
  context: Parameters<typeof openBackbone>[2],
): Promise<Entry> {
  const { backbone: name = "", backboneOptions = {}, size } = options;
  const settings = { ...defaultTrainingOptions, ...backboneOptions };
  const { file, description, normalization } = await openBackbone(name, settings, context);
  const technique = backboneTechnique(
    `frozen ${name.startsWith("hf:") ? name.slice(3) : basename(name, ".onnx")}, linear head`,
    `${BACKBONE_PREFIX}${file}`,
    backboneOptions,
  );
  return { technique, size: description.size ?? normalization.size ?? size };
}

function againstBaseline(row: ComparisonRow, predictions: ReadonlyMap<string, readonly Prediction[]>): ComparisonRow {
  const [own, baseline] = [predictions.get(row.name), predictions.get("colour")];
  if (!own || !baseline || row.name === "colour") return row;
  const { labels, logits, groups } = labelsAndScores(own);
  const { difference, ci95 } = delongTest(labels, logits, labelsAndScores(pairedRows(own, baseline)).logits, groups);
  return { ...row, beyondBaseline: { difference, ci95 } };
}
