/** @module Logistic regression with an L2 penalty, solved to convergence by Newton's method. Deterministic. */
import { solveCholesky } from "../eigen/index";
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

/** A matrix with labels, and the rows to fit. */
interface LogisticProblem {
  /** [count, k] row-major. */
  readonly x: ArrayLike<number>;
  readonly count: number;
  readonly k: number;
  /** Of x; with many columns only. */
  readonly leading: LeadingDirections | undefined;
  /** Of each row, 0 or 1. */
  readonly labels: ArrayLike<number>;
  /** Weight of each row in the loss. */
  readonly weight: number;
  readonly rows: readonly number[];
}

/** A fold: the rows outside it, those in it, and the fit with the last penalty. */
interface Part {
  readonly training: LogisticProblem;
  readonly heldOut: readonly number[];
  fit?: Solution;
}

/** How many fits are done, and the largest number that there can be. */
export interface FitsDone {
  readonly done: number;
  readonly total: number;
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
 * @returns a computation that pauses before the first fit and after each one of the cross-validation
 */
export function* logisticFits({
  x,
  labels,
  penalties = PENALTIES,
  repeats = 1,
  groups,
}: LogisticExamples): Generator<FitsDone, LogisticFit> {
  // The fit with a weaker penalty starts from that with the stronger one.
  const falling = [...penalties].sort((a, b) => b - a);
  const folds = foldsOf(labels, groups);
  const names = [...new Set(folds)];
  const total = falling.length > 1 ? falling.length * names.length + 1 : 1;
  let done = 0;
  yield { done, total };
  const count = labels.length * repeats;
  const ofRows = Uint8Array.from({ length: count }, (_, i) => labels[Math.floor(i / repeats)] as number);
  const all = Array.from({ length: count }, (_, i) => i);
  const columns = x.length / count;
  const coordinates = columns > MOST_COLUMNS && columns > count ? rowCoordinates(x, count) : undefined;
  const [values, k] = coordinates ? [coordinates.values, count] : [x, columns];
  const leading = k > MOST_COLUMNS ? leadingDirections(values, count) : undefined;
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
      for (const i of part.heldOut) loss += rowLogLoss(ofRows[i] as number, logitOf(whole, i, fit));
      yield { done: ++done, total };
    }
    losses.push(loss);
    const [before = 0, last = 0] = losses.slice(-3);
    if (losses.length >= 3 && before < last && last < loss) break;
  }
  const penalty = falling[Math.max(0, losses.indexOf(Math.min(...losses)))] as number;
  const { weights, bias } = newton(whole, penalty);
  return { weights: coordinates?.expand(weights) ?? weights, bias, penalty };
}

/** The fold of each example: that of its class's turn, or that of its group's first example. At least two, also of few groups. */
function foldsOf(labels: ArrayLike<number>, groups: RowGroups | undefined): number[] {
  const folds = foldsInTurn(labels, groups, FOLDS);
  if (!groups || new Set(folds).size > 1) return folds;
  const isOneGroup = new Set(groups).size === 1;
  return isOneGroup ? foldsInTurn(labels, undefined, FOLDS) : Array.from(groups, (group) => group % FOLDS);
}

type Solution = Pick<LogisticFit, "weights" | "bias">;

function logitOf({ x, k }: Pick<LogisticProblem, "x" | "k">, row: number, { weights, bias }: Solution): number {
  let sum = bias;
  for (let j = 0, at = row * k; j < k; j++, at++) sum += (x[at] as number) * (weights[j] as number);
  return sum;
}

const STEPS = 30;
/** With more columns than this, conjugate gradients find the step without computing the Hessian. */
const MOST_COLUMNS = 200;

/** @param start initial solution. Default: zeros */
function newton(problem: LogisticProblem, penalty: number, start?: Solution): Solution {
  const { k, rows, labels, weight } = problem;
  const size = k + 1; // the last unknown is the bias, which carries no penalty
  const solution = new Float64Array(size);
  if (start) {
    solution.set(start.weights);
    solution[k] = start.bias;
  }
  const current = (): Solution => ({ weights: solution.subarray(0, k), bias: solution[k] as number });
  const objective = () => {
    const own = current();
    const squares = own.weights.reduce((sum, value) => sum + value * value, 0);
    return rows.reduce(
      (sum, i) => sum + weight * rowLogLoss(labels[i] as number, logitOf(problem, i, own)),
      (penalty / 2) * squares,
    );
  };
  let value = objective();
  for (let step = 0; step < STEPS; step++) {
    const change = newtonStep(problem, penalty, current());
    let share = 1;
    const before = Float64Array.from(solution);
    let next = value;
    for (; share > 1e-4; share /= 2) {
      for (let j = 0; j < size; j++) solution[j] = (before[j] as number) - share * (change[j] as number);
      next = objective();
      if (next <= value) break;
    }
    if (next > value) solution.set(before);
    if (value - next < 1e-9 * (1 + value)) break;
    value = next;
  }
  return { weights: solution.slice(0, k), bias: solution[k] as number };
}

/** Inverse Hessian times gradient. */
function newtonStep(problem: LogisticProblem, penalty: number, at: Solution): Float64Array {
  const { x, k, leading, labels, rows, weight } = problem;
  const gradient = new Float64Array(k + 1);
  const curvatures = new Float64Array(rows.length);
  rows.forEach((i, r) => {
    const p = sigmoid(logitOf(problem, i, at));
    const error = weight * (p - (labels[i] as number));
    curvatures[r] = weight * Math.max(p * (1 - p), 1e-9);
    for (let j = 0, from = i * k; j < k; j++, from++) (gradient[j] as number) += error * (x[from] as number);
    (gradient[k] as number) += error;
  });
  for (let j = 0; j < k; j++) (gradient[j] as number) += penalty * (at.weights[j] as number);
  if (leading)
    return conjugateGradients(
      problem,
      preconditioner(problem, leading, penalty, curvatures),
      penalty,
      curvatures,
      gradient,
    );
  return solveCholesky(hessianOf(problem, penalty, curvatures), gradient, k + 1);
}

/** Lower triangle of the Hessian. */
function hessianOf({ x, k, rows }: LogisticProblem, penalty: number, curvatures: Float64Array): Float64Array {
  const size = k + 1;
  const hessian = new Float64Array(size * size);
  const row = new Float64Array(size).fill(1);
  rows.forEach((i, r) => {
    for (let j = 0; j < k; j++) row[j] = x[i * k + j] as number;
    for (let a = 0; a < size; a++) {
      const scaled = (curvatures[r] as number) * (row[a] as number);
      for (let b = 0, at = a * size; b <= a; b++, at++) (hessian[at] as number) += scaled * (row[b] as number);
    }
  });
  for (let j = 0; j < k; j++) (hessian[j * size + j] as number) += penalty;
  return hessian;
}

/** Relative residual at which a step is accurate enough (Dembo, Eisenstat and Steihaug 1982), and most iterations. */
const [TOLERANCE, ITERATIONS] = [1e-2, 500];

/**
 * Solves H s = g with products of H only (Hestenes and Stiefel 1952).
 * @param precondition approximately the inverse of H
 */
function conjugateGradients(
  { x, k, rows }: LogisticProblem,
  precondition: (values: Float64Array) => Float64Array,
  penalty: number,
  curvatures: Float64Array,
  gradient: Float64Array,
): Float64Array {
  const solution = new Float64Array(k + 1);
  const rest = Float64Array.from(gradient);
  let scaled = precondition(rest);
  const direction = Float64Array.from(scaled);
  const product = new Float64Array(k + 1);
  let squares = dot(rest, scaled);
  const enough = TOLERANCE ** 2 * squares;
  for (let iteration = 0; iteration < ITERATIONS && squares > enough; iteration++) {
    for (let j = 0; j < k; j++) product[j] = penalty * (direction[j] as number);
    product[k] = 0;
    const along = { weights: direction.subarray(0, k), bias: direction[k] as number };
    rows.forEach((i, r) => {
      const bent = (curvatures[r] as number) * logitOf({ x, k }, i, along);
      for (let j = 0, from = i * k; j < k; j++, from++) (product[j] as number) += bent * (x[from] as number);
      (product[k] as number) += bent;
    });
    const length = squares / dot(direction, product);
    for (let j = 0; j <= k; j++) {
      (solution[j] as number) += length * (direction[j] as number);
      (rest[j] as number) -= length * (product[j] as number);
    }
    scaled = precondition(rest);
    const next = dot(rest, scaled);
    for (let j = 0; j <= k; j++) direction[j] = (scaled[j] as number) + (next / squares) * (direction[j] as number);
    squares = next;
  }
  return solution;
}

/**
 * The inverse of the Hessian as if all rows had the mean curvature, and as if X'X had one length in all directions but the leading
 * ones: the steps of {@link conjugateGradients} become few (Frangella, Tropp and Udell 2023, "Randomized Nyström
 * preconditioning").
 */
function preconditioner(
  { count, k }: LogisticProblem,
  { vectors, squares }: LeadingDirections,
  penalty: number,
  curvatures: Float64Array,
): (values: Float64Array) => Float64Array {
  const sum = curvatures.reduce((a, b) => a + b, 0);
  const share = sum / count;
  const inverse = Float64Array.from(squares, (square) => 1 / (share * square + penalty));
  const ofRest = inverse[inverse.length - 1] as number;
  return (values) => {
    const result = values.map((value) => value * ofRest);
    result[k] = (values[k] as number) / sum;
    inverse.forEach((factor, a) => {
      let along = 0;
      for (let j = 0, at = a * k; j < k; j++, at++) along += (vectors[at] as number) * (values[j] as number);
      along *= factor - ofRest;
      for (let j = 0, at = a * k; j < k; j++, at++) (result[j] as number) += along * (vectors[at] as number);
    });
    return result;
  };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
