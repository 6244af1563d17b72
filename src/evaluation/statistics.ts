/** @module Distribution functions for tests and intervals. */

/** Lower and upper end. */
export type Interval = readonly [low: number, high: number];

/** 97.5 % quantile of the standard normal distribution. */
export const Z95 = 1.959963984540054;

/** Probability that a standard normal variable is farther from 0 than `z`. Relative error below 1e-13. */
export function twoSidedNormal(z: number): number {
  return erfc(Math.abs(z) / Math.SQRT2);
}

/** Probability that a standard normal variable is below `z`. */
export function normalShareBelow(z: number): number {
  const tail = twoSidedNormal(z) / 2;
  return z < 0 ? tail : 1 - tail;
}

/** Complementary error function for x >= 0: power series near 0, continued fraction beyond (Abramowitz, Stegun 7.1). */
function erfc(x: number): number {
  if (x < 2) {
    let term = x;
    let sum = x;
    for (let k = 1; Math.abs(term) > 1e-17 * sum; k++) {
      term *= (2 * x * x) / (2 * k + 1);
      sum += term;
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }
  if (x === Number.POSITIVE_INFINITY) return 0;
  // Lentz's method on erfc(x) = exp(-x^2) / sqrt(pi) * 1 / (x + (1/2) / (x + 1 / (x + (3/2) / (x + ...)))).
  let f = x;
  let [c, d] = [x, 0];
  for (let k = 1; k < 200; k++) {
    d = 1 / (x + (k / 2) * d);
    c = x + k / 2 / c;
    f *= c * d;
    if (Math.abs(c * d - 1) < 1e-16) break;
  }
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * f);
}

/** 97.5 % quantile of Student's t distribution (expansion of Hill 1970, to 0.01; exact for one and two degrees of freedom). */
export function tQuantile(degrees: number): number {
  if (degrees < 3) return degrees < 2 ? 12.7062 : 4.30265;
  const z = Z95;
  const [z3, z5, z7, z9] = [z ** 3, z ** 5, z ** 7, z ** 9];
  return (
    z +
    (z3 + z) / (4 * degrees) +
    (5 * z5 + 16 * z3 + 3 * z) / (96 * degrees ** 2) +
    (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * degrees ** 3) +
    (79 * z9 + 776 * z7 + 1482 * z5 - 1920 * z3 - 945 * z) / (92160 * degrees ** 4)
  );
}

/** Probability of a Student's t farther from 0 than `t` (Abramowitz, Stegun 26.7.3, 26.7.4), to 1e-14. @param degrees whole, from 1 on */
export function twoSidedT(t: number, degrees: number): number {
  if (!Number.isFinite(t)) return Number.isNaN(t) ? t : 0;
  const angle = Math.atan(Math.abs(t) / Math.sqrt(degrees));
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const isOdd = degrees % 2 === 1;
  let [term, sum] = isOdd ? [cosine, 0] : [1, 0];
  for (let k = isOdd ? 3 : 2; k <= degrees; k += 2) {
    sum += term;
    term *= ((k - 1) / k) * cosine * cosine;
  }
  const within = isOdd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
  return Math.max(0, 1 - within);
}

/** Two-sided exact binomial test of `hits` among `n` against one half. 1 where `n` is 0. */
export function binomialTest(hits: number, n: number): number {
  const few = Math.min(hits, n - hits);
  // Sums the probabilities of 0 to `few` hits, starting from the largest, whose logarithm does not underflow.
  let logTerm = logFactorial(n) - logFactorial(few) - logFactorial(n - few) - n * Math.LN2;
  let sum = 0;
  for (let k = few; k >= 0; k--) {
    sum += Math.exp(logTerm);
    logTerm += Math.log(k) - Math.log(n - k + 1);
  }
  return Math.min(1, 2 * sum);
}

/**
 * Two-sided exact test of the sum of whole numbers whose signs are random (Fisher 1935): the probability of a sum at least as far
 * from 0. Of ones, it is {@link binomialTest}. 1 without numbers.
 */
export function signTest(values: readonly number[]): number {
  const sizes = values.map(Math.abs).filter((size) => size > 0);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const sum = values.reduce((all, value) => all + value, 0);
  // The sum is as far from 0 if the numbers with one of the signs add up to no more than this.
  const most = (total - Math.abs(sum)) / 2;
  const chances = new Float64Array(most + 1);
  chances[0] = 1;
  for (const size of sizes) {
    for (let at = most; at >= 0; at--) {
      chances[at] = ((chances[at] as number) + (at < size ? 0 : (chances[at - size] as number))) / 2;
    }
  }
  return Math.min(1, 2 * chances.reduce((all, chance) => all + chance, 0));
}

/** Natural logarithm of n!, by addition for small n and Stirling's series above. */
function logFactorial(n: number): number {
  if (n < 64) {
    let sum = 0;
    for (let k = 2; k <= n; k++) sum += Math.log(k);
    return sum;
  }
  const x = n + 1;
  const series = 1 / (12 * x) - 1 / (360 * x ** 3) + 1 / (1260 * x ** 5);
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
}

/** Ranks from 1; tied values share their mean rank. */
export function midranks(values: ArrayLike<number>): Float64Array {
  const n = values.length;
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort(
    (a, b) => (values[a] as number) - (values[b] as number),
  );
  const ranks = new Float64Array(n);
  for (let start = 0; start < n; ) {
    let end = start + 1;
    while (end < n && values[order[end] as number] === values[order[start] as number]) end++;
    for (let i = start; i < end; i++) ranks[order[i] as number] = (start + end + 1) / 2;
    start = end;
  }
  return ranks;
}

/** Rank correlation (Spearman 1904), from -1 to 1; NaN if one of the lists is constant. */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return pearson(midranks(a), midranks(b));
}

function pearson(a: Float64Array, b: Float64Array): number {
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [da, db] = [(a[i] as number) - meanA, (b[i] as number) - meanB];
    ab += da * db;
    aa += da * da;
    bb += db * db;
  }
  return ab / Math.sqrt(aa * bb);
}
