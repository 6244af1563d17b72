/** @module The threshold of each model, as it is set on the page, and what it means on validation. */
import { getJson } from "./api.js";
import { percent } from "./dom.js";

/** Thresholds that differ from the models' own. @type {Map<string, number>} */
const set = new Map();

/** @typedef {{name: string, threshold: number, classes: [string, string], metrics?: any}} Model */

/** @param {Model} model @returns {number} */
export function thresholdOf({ name, threshold }) {
  return set.get(name) ?? threshold;
}

/** True where another threshold than the model's own is set. @param {Model} model */
export function isSet({ name }) {
  return set.has(name);
}

/** Sets a threshold for every view; the model's own takes it back. @param {Model} model @param {number} value */
export function setThreshold(model, value) {
  if (value === model.threshold) set.delete(model.name);
  else set.set(model.name, value);
  dispatchEvent(new CustomEvent("thresholdchange", { detail: model.name }));
}

/** The class of a probability at the threshold that is set. @param {Model} model @param {number} probability */
export function classAt(model, probability) {
  return model.classes[probability >= thresholdOf(model) ? 1 : 0];
}

/** @type {Map<string, Promise<any>>} */
const curves = new Map();

/** @param {string} name */
function curvesOf(name) {
  const known = curves.get(name) ?? getJson(`models/${encodeURIComponent(name)}/curves`).catch(() => null);
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
  const told = (/** @type {number} */ sensitivity, /** @type {number} */ specificity) =>
    `On validation, this threshold finds ${percent(sensitivity)} of the ${positive} images (sensitivity) and classifies ${percent(specificity)} of the ${negative} images as ${negative} (specificity).`;
  const validation = (await curvesOf(model.name))?.partitions?.validation;
  if (validation) {
    // Thresholds fall from the highest; the last one that is not below counts all that answer positive.
    const below = validation.thresholds.findIndex((/** @type {number} */ value) => value < threshold);
    const at = (below < 0 ? validation.thresholds.length : below) - 1;
    const { truePositiveRate, falsePositiveRate } = validation.roc;
    return at < 0 ? told(0, 1) : told(truePositiveRate[at], 1 - falsePositiveRate[at]);
  }
  const { recall, specificity } = model.metrics?.validation ?? {};
  return typeof recall === "number" && typeof specificity === "number" && !isSet(model)
    ? told(recall, specificity)
    : "";
}

/** The part of an address that opens the page with a model and the threshold that is set. @param {Model} model */
export function linkOf(model) {
  const query = new URLSearchParams({ model: model.name });
  if (isSet(model)) query.set("threshold", String(thresholdOf(model)));
  return `#/?${query}`;
}
