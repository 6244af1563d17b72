/** @module Logistic regression with an L2 penalty, solved to the end by Newton's method. Deterministic. */
import { rowLogLoss, sigmoid } from "../evaluation/index";

export interface LogisticFit {
  readonly weights: Float64Array;
  readonly bias: number;
  /** The penalty used: `penalty / 2 * |weights|^2` beside the summed log loss. */
  readonly penalty: number;
}

/**
 * Fits rows x [n, k] (row-major) to labels 0 and 1. Of several penalties the one with the smallest log loss in five-fold
 * cross-validation is taken; rows go to the folds in turn, class by class.
 */
export function fitLogistic(
  x: ArrayLike<number>,
  labels: ArrayLike<number>,
  penalties: readonly number[] = [0.3, 1, 3, 10, 30, 100, 300, 1000],
): LogisticFit {
  const k = x.length / labels.length;
  const folds = foldsOf(labels, 5);
  const all = Array.from(labels, (_, i) => i);
  let best = { penalty: penalties[0] as number, loss: Number.POSITIVE_INFINITY };
  for (const penalty of penalties.length > 1 ? penalties : []) {
    let loss = 0;
    for (let fold = 0; fold < 5; fold++) {
      const kept = all.filter((i) => folds[i] !== fold);
      const fit = newton(x, labels, k, kept, penalty);
      for (const i of all) if (folds[i] === fold) loss += rowLogLoss(labels[i] as number, logitOf(x, k, i, fit));
    }
    if (loss < best.loss) best = { penalty, loss };
  }
  return { ...newton(x, labels, k, all, best.penalty), penalty: best.penalty };
}

function foldsOf(labels: ArrayLike<number>, count: number): number[] {
  const seen = [0, 0];
  return Array.from(labels, (label) => {
    const kind = label > 0.5 ? 1 : 0;
    const fold = (seen[kind] as number) % count;
    seen[kind] = (seen[kind] as number) + 1;
    return fold;
  });
}

type Solution = Pick<LogisticFit, "weights" | "bias">;

function logitOf(x: ArrayLike<number>, k: number, row: number, { weights, bias }: Solution): number {
  let sum = bias;
  for (let j = 0; j < k; j++) sum += (x[row * k + j] as number) * (weights[j] as number);
  return sum;
}

const STEPS = 30;

function newton(x: ArrayLike<number>, labels: ArrayLike<number>, k: number, rows: number[], penalty: number): Solution {
  const size = k + 1; // the last unknown is the bias, which carries no penalty
  const solution = new Float64Array(size);
  const current = (): Solution => ({ weights: solution.subarray(0, k), bias: solution[k] as number });
  const objective = () => {
    const own = current();
    const squares = own.weights.reduce((sum, weight) => sum + weight * weight, 0);
    return rows.reduce(
      (sum, i) => sum + rowLogLoss(labels[i] as number, logitOf(x, k, i, own)),
      (penalty / 2) * squares,
    );
  };
  let value = objective();
  for (let step = 0; step < STEPS; step++) {
    const change = newtonStep(x, labels, k, rows, penalty, current());
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
function newtonStep(
  x: ArrayLike<number>,
  labels: ArrayLike<number>,
  k: number,
  rows: readonly number[],
  penalty: number,
  at: Solution,
): Float64Array {
  const size = k + 1;
  const hessian = new Float64Array(size * size);
  const gradient = new Float64Array(size);
  const row = new Float64Array(size).fill(1);
  for (const i of rows) {
    for (let j = 0; j < k; j++) row[j] = x[i * k + j] as number;
    const p = sigmoid(logitOf(x, k, i, at));
    const error = p - (labels[i] as number);
    const curvature = Math.max(p * (1 - p), 1e-9);
    for (let a = 0; a < size; a++) {
      const va = row[a] as number;
      gradient[a] = (gradient[a] as number) + error * va;
      const weight = curvature * va;
      for (let b = 0; b <= a; b++)
        hessian[a * size + b] = (hessian[a * size + b] as number) + weight * (row[b] as number);
    }
  }
  for (let j = 0; j < k; j++) {
    gradient[j] = (gradient[j] as number) + penalty * (at.weights[j] as number);
    hessian[j * size + j] = (hessian[j * size + j] as number) + penalty;
  }
  return solveCholesky(hessian, gradient, size);
}

/** Solves A s = b for a symmetric positive definite A, given by its lower triangle; both are overwritten. */
function solveCholesky(a: Float64Array, b: Float64Array, size: number): Float64Array {
  for (let j = 0; j < size; j++) {
    for (let i = j; i < size; i++) {
      let sum = a[i * size + j] as number;
      for (let m = 0; m < j; m++) sum -= (a[i * size + m] as number) * (a[j * size + m] as number);
      a[i * size + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / (a[j * size + j] as number);
    }
  }
  for (let i = 0; i < size; i++) {
    let sum = b[i] as number;
    for (let m = 0; m < i; m++) sum -= (a[i * size + m] as number) * (b[m] as number);
    b[i] = sum / (a[i * size + i] as number);
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = b[i] as number;
    for (let m = i + 1; m < size; m++) sum -= (a[m * size + i] as number) * (b[m] as number);
    b[i] = sum / (a[i * size + i] as number);
  }
  return b;
}
