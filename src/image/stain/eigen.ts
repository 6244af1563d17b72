/** @module Eigenvectors of a symmetric 3x3 matrix. */

type Vector = [number, number, number];

/**
 * Orthonormal eigenvectors by ascending eigenvalue (Jacobi rotations; Golub and Van Loan, "Matrix Computations", 8.5). The
 * sign of each is arbitrary.
 */
export function symmetricEigen3(matrix: readonly (readonly number[])[]): [Vector, Vector, Vector] {
  const a = matrix.map((row) => [...row]) as number[][];
  const v = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  const at = (m: number[][], i: number, j: number) => (m[i] as number[])[j] as number;
  for (let sweep = 0; sweep < 32; sweep++) {
    const off = Math.abs(at(a, 0, 1)) + Math.abs(at(a, 0, 2)) + Math.abs(at(a, 1, 2));
    if (off < 1e-18 * (Math.abs(at(a, 0, 0)) + Math.abs(at(a, 1, 1)) + Math.abs(at(a, 2, 2)))) break;
    for (const [p, q] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      if (at(a, p, q) === 0) continue;
      const theta = (at(a, q, q) - at(a, p, p)) / (2 * at(a, p, q));
      const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
      const cosine = 1 / Math.sqrt(tangent * tangent + 1);
      const sine = tangent * cosine;
      const rotateColumns = (m: number[][]) => {
        for (const row of m) {
          const [x, y] = [row[p] as number, row[q] as number];
          row[p] = cosine * x - sine * y;
          row[q] = sine * x + cosine * y;
        }
      };
      rotateColumns(a);
      const [rowP, rowQ] = [[...(a[p] as number[])], [...(a[q] as number[])]];
      a[p] = rowP.map((x, i) => cosine * x - sine * (rowQ[i] as number));
      a[q] = rowQ.map((y, i) => sine * (rowP[i] as number) + cosine * y);
      rotateColumns(v);
    }
  }
  const order = [0, 1, 2].sort((i, j) => at(a, i, i) - at(a, j, j));
  return order.map((column) => [at(v, 0, column), at(v, 1, column), at(v, 2, column)]) as [Vector, Vector, Vector];
}
