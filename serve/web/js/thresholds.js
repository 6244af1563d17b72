/** @module The threshold of each model, as it is set on the page, and what it means on validation. */
import { getJson } from "./api.js";
import { percent } from "./dom.js";
import { keepText, keptText } from "./kept-text.js";

/** @typedef {{name: string, sha256: string, threshold: number, classes: [string, string], metrics?: any}} Model */

const KEY = "histo-thresholds";

/** Thresholds that differ from the models' own. They survive a reload, but not the tab: nobody else finds them. @type {Map<string, number>} */
const set = new Map(Object.entries(JSON.parse(keptText("sessionStorage", KEY) ?? "{}")));

/** Another version of a model has its own probabilities, and so its own threshold. @param {Model} model */
const keyOf = ({ name, sha256 }) => `${name} ${sha256}`;

/** @param {Model} model @returns {number} */
export function thresholdOf(model) {
  return set.get(keyOf(model)) ?? model.threshold;
}

/** True where another threshold than the model's own is set. @param {Model} model */
export function isSet(model) {
  return set.has(keyOf(model));
}

/** Sets a threshold for every view; the model's own takes it back. @param {Model} model @param {number} value */
export function setThreshold(model, value) {
  if (value === model.threshold) set.delete(keyOf(model));
  else set.set(keyOf(model), value);
  keepText("sessionStorage", KEY, JSON.stringify(Object.fromEntries(set)));
  dispatchEvent(new CustomEvent("thresholdchange", { detail: model.name }));
}

/** The class of a probability at the threshold that is set. @param {Model} model @param {number} probability */
export function classAt(model, probability) {
  return model.classes[probability >= thresholdOf(model) ? 1 : 0];
}

/** @type {Map<string, Promise<any>>} */
const curves = new Map();

/** The curves of a model, asked for once; null where the server does not answer. @param {string} name */
export function curvesOf(name) {
  const forget = () => {
    curves.delete(name);
    return null;
  };
  const known = curves.get(name) ?? getJson(`models/${encodeURIComponent(name)}/curves`).catch(forget);
  curves.set(name, known);
  return known;
}

/**
 * What the threshold that is set did on the validation images, in words; empty where nothing is known.
 * @param {Model} model @returns {Promise<string>}
 */
export async function meaningOf(model) {
  const threshold = thresholdOf(model);
  const [negative, positive] = model.classes;
  const { recall, specificity, n, threshold: measuredAt = model.threshold } = model.metrics?.validation ?? {};
  const where = n === undefined ? "On validation" : `On the ${n} validation images`;
  const told = (/** @type {number} */ sensitivity, /** @type {number} */ specificity) =>
    `${where}, this threshold finds ${percent(sensitivity)} of the ${positive} images (sensitivity) and classifies ${percent(specificity)} of the ${negative} images as ${negative} (specificity).`;
  const isMeasured = typeof recall === "number" && typeof specificity === "number";
  // A deployment elsewhere may have another threshold than the one that the metrics are of.
  if (isMeasured && threshold === measuredAt) return told(recall, specificity);
  const curve = await curveOf(model);
  if (!curve) return "";
  // Thresholds fall from the highest; the last one that is not below counts all that answer positive.
  const below = curve.thresholds.findIndex((value) => value < threshold);
  const at = (below < 0 ? curve.thresholds.length : below) - 1;
  return at < 0 ? told(0, 1) : told(curve.sensitivity[at] ?? 0, curve.specificity[at] ?? 0);
}

/** The curve of the model's card; of an older model that of its run, where that is here. @param {Model} model @returns {Promise<{thresholds: number[], sensitivity: number[], specificity: number[]} | undefined>} */
async function curveOf({ name }) {
  const curves = await curvesOf(name);
  if (curves?.thresholds) return curves.thresholds;
  const run = curves?.partitions?.validation;
  return (
    run && {
      thresholds: run.thresholds,
      sensitivity: run.roc.truePositiveRate,
      specificity: run.roc.falsePositiveRate.map((/** @type {number} */ rate) => 1 - rate),
    }
  );
}

/**
 * The highest threshold that found at least this share of the positive images of validation.
 * @param {Model} model @param {number} share @returns {Promise<number | undefined>} undefined where nothing is known
 */
export async function thresholdFinding(model, share) {
  const curve = await curveOf(model);
  return curve?.thresholds[curve.sensitivity.findIndex((found) => found >= share)];
}

/** The part of an address that opens the page with a model and the threshold that is set. @param {Model} model */
export function linkOf(model) {
  const query = new URLSearchParams({ model: model.name });
  if (isSet(model)) query.set("threshold", String(thresholdOf(model)));
  return `#/?${query}`;
}
