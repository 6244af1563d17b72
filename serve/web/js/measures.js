/** @module How well answers agree with labels, at a threshold. */

/**
 * @param {readonly {probability: number, positive: boolean}[]} rows @param {number} threshold
 * @returns {{n: number, accuracy: number, sensitivity: number, specificity: number, rocAuc: number}} shares, NaN where a class is missing
 */
export function measure(rows, threshold) {
  const count = (/** @type {boolean} */ truth, /** @type {boolean} */ said) =>
    rows.filter(({ probability, positive }) => positive === truth && probability >= threshold === said).length;
  const [truePositive, falseNegative] = [count(true, true), count(true, false)];
  const [trueNegative, falsePositive] = [count(false, false), count(false, true)];
  return {
    n: rows.length,
    accuracy: (truePositive + trueNegative) / rows.length,
    sensitivity: truePositive / (truePositive + falseNegative),
    specificity: trueNegative / (trueNegative + falsePositive),
    rocAuc: rocAuc(rows),
  };
}

/** The share of pairs of a positive and a negative whose positive has the larger probability; ties count half. @param {readonly {probability: number, positive: boolean}[]} rows */
function rocAuc(rows) {
  const sorted = [...rows].sort((a, b) => a.probability - b.probability);
  let [negativesBelow, pairs] = [0, 0];
  for (let start = 0; start < sorted.length; ) {
    let end = start;
    while (sorted[end]?.probability === sorted[start]?.probability) end++;
    const tied = sorted.slice(start, end);
    const positives = tied.filter(({ positive }) => positive).length;
    const negatives = tied.length - positives;
    pairs += positives * (negativesBelow + negatives / 2);
    negativesBelow += negatives;
    start = end;
  }
  return pairs / (negativesBelow * (rows.length - negativesBelow));
}

/**
 * The labels of a table: of its columns one names images, another holds classes (or 0 and 1).
 * @param {readonly string[][]} table with a head @param {readonly string[]} names images that are looked for
 * @param {readonly string[]} classes @returns {Map<string, string>} class by image
 * @throws {Error} where no column names the images, or none holds their classes
 */
export function labelsOf(table, names, classes) {
  const [head = [], ...rows] = table;
  // A table may name a file with its folder, or without its ending.
  const plain = (/** @type {string} */ name) => (name.split(/[\\/]/).at(-1) ?? "").replace(/\.\w+$/, "").toLowerCase();
  const wanted = new Map(names.map((name) => [plain(name), name]));
  const meant = (/** @type {string} */ value) =>
    classes.find((name) => name.toLowerCase() === value.toLowerCase()) ??
    (/^[01]$/.test(value) ? classes[Number(value)] : undefined);
  const columnWith = (/** @type {(value: string) => boolean} */ fits, /** @type {number} */ not = -1) => {
    const hits = head.map((_, i) => (i === not ? 0 : rows.filter((row) => fits(row[i] ?? "")).length));
    const most = Math.max(0, ...hits);
    return most === 0 ? -1 : hits.indexOf(most);
  };
  const image = columnWith((value) => wanted.has(plain(value)));
  if (image < 0) throw new Error("No column of this table names an image of the batch.");
  const label = columnWith((value) => meant(value) !== undefined, image);
  if (label < 0) throw new Error(`No column of this table holds ${classes.join(" or ")}, or 0 and 1.`);
  /** @type {Map<string, string>} */
  const labels = new Map();
  for (const row of rows) {
    const name = wanted.get(plain(row[image] ?? ""));
    const value = meant(row[label] ?? "");
    if (name !== undefined && value !== undefined) labels.set(name, value);
  }
  return labels;
}
