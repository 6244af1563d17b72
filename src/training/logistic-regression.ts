/** @module Logistic regression with an L2 penalty, solved to convergence by Newton's method. Deterministic. */
import { foldsInTurn, type RowGroups, rowLogLoss, sigmoid } from "../evaluation/index";
import { type LeadingDirections, leadingDirections } from "./leading-directions";
import { rowCoordinates } from "./row-coordinates";

export interface LogisticFit {
  readonly weights: Float64Array;
  readonly bias: number;
  /** The chosen penalty: `penalty / 2 * |weights|^2` is added to the summed log loss of the examples. */
  readonly penalty: number;
}

/** Penalties to try by default. */
const PENALTIES = [0.3, 1, 3, 10, 30, 100, 300, 1000];
/** With a thousand or more columns, weak penalties only overfit. */
export const MANY_FEATURES_PENALTIES = [3, 10, 30, 100, 300, 1000, 3000, 10_000];
const FOLDS = 5;
/** With more columns than this, and fewer rows, coordinates of the rows are fitted instead. */
const MANY_COLUMNS = 200;

/** A matrix with labels, and the rows to fit. */
interface LogisticProblem {
  /** [count, k] row-major. */
  readonly x: ArrayLike<number>;
  readonly count: number;
  readonly k: number;
  /** Of x. */
  readonly leading: LeadingDirections;
  /** Of each row, 0 or 1. */
  readonly labels: ArrayLike<number>;
  /** Weight of each row in the loss. */
  readonly weight: number;
  readonly rows: Uint32Array;
}

/** A fold: the rows outside it, those in it, and the fit with the last penalty. */
interface Part {
  readonly training: LogisticProblem;
  readonly heldOut: Uint32Array;
  fit?: Solution;
}

/** What is fitted. */
export interface LogisticExamples {
  /** [n * repeats, k], row-major. */
  readonly x: ArrayLike<number>;
  /** 0 or 1 [n]. */
  readonly labels: ArrayLike<number>;
  readonly penalties?: readonly number[] | undefined;
  /** Consecutive rows per example; together they have the weight of one. */
  readonly repeats?: number;
  /** Of dependent examples, which are in one fold. */
  readonly groups?: RowGroups | undefined;
}

/**
 * Fits rows to labels. Chooses the penalty with the lowest log loss in five-fold cross-validation, from the strongest on; once the loss
 * has risen twice, weaker ones, which take longest, are not tried. The examples of each class are assigned to the folds in turn.
 * @returns a computation that pauses before the first fit and after each one of the cross-validation, of `total` at most
 */
export function* logisticFits(examples: LogisticExamples): Generator<{ done: number; total: number }, LogisticFit> {
  const { x, labels, penalties = PENALTIES, repeats = 1, groups } = examples;
  // The fit with a weaker penalty starts from that with the stronger one.
  const falling = [...penalties].sort((a, b) => b - a);
  const folds = foldsOf(labels, groups);
  const names = [...new Set(folds)];
  const total = falling.length > 1 ? falling.length * names.length + 1 : 1;
  let done = 0;
  yield { done, total };
  const count = labels.length * repeats;
  const ofRows = Uint8Array.from({ length: count }, (_, i) => labels[Math.floor(i / repeats)] as number);
  const all = Uint32Array.from({ length: count }, (_, i) => i);
  const columns = x.length / count;
  const coordinates = columns > MANY_COLUMNS && columns > count ? rowCoordinates(x, count) : undefined;
  const [values, k] = coordinates ? [coordinates.values, count] : [x, columns];
  const leading = leadingDirections(values, count);
  const whole: LogisticProblem = { x: values, count, k, leading, labels: ofRows, weight: 1 / repeats, rows: all };
  const parts = names.map((fold): Part => {
    const isHeldOut = (i: number) => folds[Math.floor(i / repeats)] === fold;
    return { training: { ...whole, rows: all.filter((i) => !isHeldOut(i)) }, heldOut: all.filter(isHeldOut) };
  });
  const losses: number[] = [];
  for (const penalty of falling.length > 1 ? falling : []) {
    let loss = 0;
    for (const part of parts) {
      const fit = newton(part.training, penalty, part.fit);
      part.fit = fit;
      alongRows({ ...whole, rows: part.heldOut }, fit).forEach((logit, r) => {
        loss += rowLogLoss(ofRows[part.heldOut[r]!]!, logit);
      });
      yield { done: ++done, total };
    }
    losses.push(loss);
    const [before = 0, last = 0] = losses.slice(-3);
    if (losses.length >= 3 && before < last && last < loss) break;
  }
  const penalty = falling[Math.max(0, losses.indexOf(Math.min(...losses)))] as number;
  const solution = newton(whole, penalty);
  const weights = solution.slice(0, k);
  return { weights: coordinates?.expand(weights) ?? weights, bias: solution[k]!, penalty };
}

/** The fold of each example: that of its class's turn, or that of its group's first example. At least two, also of few groups. */
function foldsOf(labels: ArrayLike<number>, groups: RowGroups | undefined): number[] {
  const folds = foldsInTurn(labels, groups, FOLDS);
  if (!groups || new Set(folds).size > 1) return folds;
  const isOneGroup = new Set(groups).size === 1;
  return isOneGroup ? foldsInTurn(labels, undefined, FOLDS) : Array.from(groups, (group) => group % FOLDS);
}

/** Weights [k] and, last, the bias, which carries no penalty. */
type Solution = Float64Array;

const STEPS = 30;

/** @param start initial solution. Default: zeros */
function newton(problem: LogisticProblem, penalty: number, start?: Solution): Solution {
  let solution = start ?? new Float64Array(problem.k + 1);
  let logits = alongRows(problem, solution);
  let value = objective(problem, penalty, solution, logits);
  for (let step = 0; step < STEPS; step++) {
    const change = newtonStep(problem, penalty, solution, logits);
    const changeOfLogits = alongRows(problem, change);
    const before = value;
    for (let share = 1; share > 1e-4; share /= 2) {
      const [next, nextLogits] = [moved(solution, change, -share), moved(logits, changeOfLogits, -share)];
      const reached = objective(problem, penalty, next, nextLogits);
      if (reached > value) continue;
      [solution, logits, value] = [next, nextLogits, reached];
      break;
    }
    if (before - value < 1e-9 * (1 + before)) break;
  }
  return solution;
}

function objective(
  { k, labels, rows, weight }: LogisticProblem,
  penalty: number,
  solution: Solution,
  logits: Float64Array,
): number {
  let sum = 0;
  for (let j = 0; j < k; j++) sum += (penalty / 2) * solution[j]! ** 2;
  for (let r = 0; r < rows.length; r++) sum += weight * rowLogLoss(labels[rows[r]!]!, logits[r]!);
  return sum;
}

/** Inverse Hessian times gradient, without computing the Hessian. */
function newtonStep(problem: LogisticProblem, penalty: number, at: Solution, logits: Float64Array): Float64Array {
  const { k, labels, rows, weight } = problem;
  const probabilities = logits.map(sigmoid);
  const curvatures = probabilities.map((p) => weight * Math.max(p * (1 - p), 1e-9));
  const errors = probabilities.map((p, r) => weight * (p - labels[rows[r]!]!));
  const penalized = (sums: Float64Array, values: Float64Array) => {
    for (let j = 0; j < k; j++) sums[j]! += penalty * values[j]!;
    return sums;
  };
  const hessianTimes = (direction: Float64Array) => {
    const bent = alongRows(problem, direction).map((value, r) => value * curvatures[r]!);
    return penalized(sumOfRows(problem, bent), direction);
  };
  const gradient = penalized(sumOfRows(problem, errors), at);
  return conjugateGradients(hessianTimes, preconditioner(problem, penalty, curvatures), gradient);
}

/** Relative residual at which a step is accurate enough (Dembo, Eisenstat and Steihaug 1982), and most iterations. */
const [TOLERANCE, ITERATIONS] = [1e-2, 500];

/** Solves H s = g with products of H only (Hestenes and Stiefel 1952). @param precondition approximately the inverse of H */
function conjugateGradients(
  hessianTimes: (values: Float64Array) => Float64Array,
  precondition: (values: Float64Array) => Float64Array,
  gradient: Float64Array,
): Float64Array {
  let solution: Float64Array = new Float64Array(gradient.length);
  let rest: Float64Array = gradient;
  let scaled = precondition(rest);
  let direction: Float64Array = scaled;
  let squares = dot(rest, scaled);
  const enough = TOLERANCE ** 2 * squares;
  for (let iteration = 0; iteration < ITERATIONS && squares > enough; iteration++) {
    const product = hessianTimes(direction);
    const length = squares / dot(direction, product);
    solution = moved(solution, direction, length);
    rest = moved(rest, product, -length);
    scaled = precondition(rest);
    const next = dot(rest, scaled);
    direction = moved(scaled, direction, next / squares);
    squares = next;
  }
  return solution;
}

/**
 * The inverse of the Hessian as if all rows had the mean curvature, and X'X one length in all directions but the leading ones
 * (Frangella, Tropp and Udell 2023, "Randomized Nyström preconditioning").
 */
function preconditioner(
  { count, k, leading: { vectors, squares } }: LogisticProblem,
  penalty: number,
  curvatures: Float64Array,
): (values: Float64Array) => Float64Array {
  const sum = curvatures.reduce((a, b) => a + b, 0);
  const share = sum / count;
  const inverse = squares.map((square) => 1 / (share * square + penalty));
  const ofRest = inverse[inverse.length - 1]!;
  return (values) => {
    const result = values.map((value) => value * ofRest);
    result[k] = values[k]! / sum;
    inverse.forEach((factor, a) => {
      const vector = vectors.subarray(a * k, (a + 1) * k);
      const along = (factor - ofRest) * dot(vector, values);
      for (let j = 0; j < k; j++) result[j]! += along * vector[j]!;
    });
    return result;
  };
}

/** x w + b for each row of the problem. Several sums at once, because each addition waits for the one before it. */
function alongRows({ x, k, rows }: Pick<LogisticProblem, "x" | "k" | "rows">, weights: Float64Array): Float64Array {
  const products = new Float64Array(rows.length);
  const [bias, whole] = [weights[k]!, k - (k % 4)];
  for (let r = 0; r < rows.length; r++) {
    const from = rows[r]! * k;
    let [a, b, c, d] = [bias, 0, 0, 0];
    for (let j = 0; j < whole; j += 4) {
      a += x[from + j]! * weights[j]!;
      b += x[from + j + 1]! * weights[j + 1]!;
      c += x[from + j + 2]! * weights[j + 2]!;
      d += x[from + j + 3]! * weights[j + 3]!;
    }
    for (let j = whole; j < k; j++) a += x[from + j]! * weights[j]!;
    products[r] = a + b + (c + d);
  }
  return products;
}

/** The sum of the problem's rows, each times its factor, and, last, the sum of the factors. Four rows at once, to store sums less often. */
function sumOfRows({ x, k, rows }: LogisticProblem, factors: Float64Array): Float64Array {
  const sums = new Float64Array(k + 1);
  for (let r = 0; r < rows.length; r += 4) {
    // After the last row, rows are added that count nothing.
    const at = (i: number) => rows[Math.min(r + i, rows.length - 1)]! * k;
    const share = (i: number) => (r + i < rows.length ? factors[r + i]! : 0);
    const [a, b, c, d] = [at(0), at(1), at(2), at(3)];
    const [ofA, ofB, ofC, ofD] = [share(0), share(1), share(2), share(3)];
    for (let j = 0; j < k; j++) sums[j]! += ofA * x[a + j]! + ofB * x[b + j]! + (ofC * x[c + j]! + ofD * x[d + j]!);
    sums[k]! += ofA + ofB + (ofC + ofD);
  }
  return sums;
}

/** a + share * b */
function moved(a: Float64Array, b: Float64Array, share: number): Float64Array {
  return a.map((value, i) => value + share * b[i]!);
}

/** Of the first values, where b is longer. */
function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
