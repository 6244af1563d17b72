/** @module Eigenvectors, principal axes and linear equations of small dense matrices, row-major. */
export { solveCholesky } from "./cholesky";
export { orthonormalize, transposed } from "./matrix";
export { principalAxes } from "./principal-axes";
export { type SymmetricEigen, symmetricEigen } from "./symmetric-eigen";
