/** @module Which of the loaded models validation prefers. */

/**
 * A sentence with the areas of all models and their 95 % intervals, the best first; nothing where models were not judged on the
 * same number of tiles of the same classes. @param {any[]} models of `GET /info` @returns {string}
 */
export function preferenceText(models) {
  const basis = (/** @type {any} */ { classes, trained_on }) => JSON.stringify([classes, trained_on?.tiles]);
  const area = (/** @type {any} */ { metrics }) => metrics?.validation?.rocAuc;
  const [first, ...others] = models;
  if (others.length === 0 || !first.trained_on || others.some((other) => basis(other) !== basis(first))) return "";
  if (models.some((model) => typeof area(model) !== "number")) return "";
  const words = [...models]
    .sort((a, b) => area(b) - area(a))
    .map((model) => {
      const [low, high] = model.metrics.validation.rocAucCi95 ?? [];
      const interval = low === undefined ? "" : `, 95 % ${low.toFixed(3)} to ${high.toFixed(3)}`;
      return `${model.name} (AUC ${area(model).toFixed(3)}${interval})`;
    });
  return `Validation prefers ${words.join(" to ")}.`;
}
