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

/** Usual names of columns of labels; those of answers are none. */
const [LABEL, ANSWER] = [/label|class|truth|target|diagnos|categor/i, /pred/i];

/**
 * The labels of a table: of its columns one names images, another holds classes (or 0 and 1).
 * @param {readonly string[][]} table with a head @param {readonly string[]} names images that are looked for
 * @param {readonly string[]} classes @returns {{labels: Map<string, string>, column: string}} class by image, and the column's name
 * @throws {Error} where no column names the images, none holds their classes, or an image has two
 */
export function labelsOf(table, names, classes) {
  const [head = [], ...rows] = table;
  const find = imageFinder(names);
  const named = (/** @type {string} */ value) => classes.find((name) => name.toLowerCase() === value.toLowerCase());
  const meant = (/** @type {string} */ value) =>
    named(value) ?? (/^[01]$/.test(value) ? classes[Number(value)] : undefined);
  const hits = (/** @type {number} */ at, /** @type {(value: string) => unknown} */ fits) =>
    rows.filter((row) => fits(row[at] ?? "") !== undefined).length;
  const best = (/** @type {number[][]} */ scores) =>
    scores.reduce((top, score, i) => (isAbove(score, scores[top] ?? []) ? i : top), 0);

  const images = head.map((_, i) => [hits(i, find)]);
  const image = best(images);
  if (!images[image]?.[0]) throw new Error("No column of this table names an image of the batch.");
  const scores = head.map((name, i) => {
    const all = i === image || ANSWER.test(name) ? 0 : hits(i, meant);
    return all === 0 ? [] : [Number(LABEL.test(name)), hits(i, named), all];
  });
  const label = best(scores);
  if (!scores[label]?.length) throw new Error(`No column of this table holds ${classes.join(" or ")}, or 0 and 1.`);

  /** @type {Map<string, {value: string, length: number}>} */
  const found = new Map();
  for (const row of rows) {
    const { name, length } = find(row[image] ?? "") ?? {};
    const value = meant(row[label] ?? "");
    if (name === undefined || length === undefined || value === undefined) continue;
    const known = found.get(name);
    if (known?.length === length && known.value !== value) {
      throw new Error(`This table has both ${known.value} and ${value} for ${name}.`);
    }
    if (!known || known.length < length) found.set(name, { value, length });
  }
  return { labels: new Map([...found].map(([name, { value }]) => [name, value])), column: head[label] ?? "" };
}

/** Compares by the first number that differs. @param {number[]} score @param {number[]} other */
function isAbove(score, other) {
  const at = score.findIndex((value, i) => value !== (other[i] ?? -1));
  return at >= 0 && /** @type {number} */ (score[at]) > (other[at] ?? -1);
}

/**
 * Finds the image that a table means: it may name more or fewer of the folders around it, or leave its ending out. What fits
 * several images names none of them.
 * @param {readonly string[]} names
 * @returns {(value: string) => {name: string, length: number} | undefined} `length`: how much of the names is alike
 */
function imageFinder(names) {
  /** @type {Map<string, string | undefined>} */
  const byEnd = new Map();
  for (const name of names) for (const end of endsOf(name)) byEnd.set(end, byEnd.has(end) ? undefined : name);
  return (value) => {
    for (const end of endsOf(value)) {
      const name = byEnd.get(end);
      if (name !== undefined) return { name, length: end.length };
    }
    return undefined;
  };
}

/** A path without more and more of its folders, then the same without its ending. @param {string} path */
function endsOf(path) {
  const parts = path.toLowerCase().split(/[\\/]/);
  const ends = parts.map((_, i) => parts.slice(i).join("/"));
  return new Set([...ends, ...ends.map((end) => end.replace(/\.\w+$/, ""))]);
}
