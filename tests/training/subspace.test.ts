import assert from "node:assert/strict";
import { test } from "node:test";
import type { PixelStore } from "../../src/dataset/index";
import { Interrupted } from "../../src/errors/index";
import { type Progress, silentProgress } from "../../src/progress/index";
import { tf } from "../../src/tensorflow/index";
import { pixelExamples } from "../../src/training/index";
import { principalBasis } from "../../src/training/subspace/basis";
import { coordinateExamples, project, whitenedProjection } from "../../src/training/subspace/coordinates";
import { viewOfCoordinates } from "../../src/training/subspace/symmetry";
import { texture } from "../support/data-sets";
import { runPython, withoutPython } from "../support/python";

const SCALE = { mean: [0.5, 0.45, 0.55], std: [0.2, 0.25, 0.22] } as const;

/** A store of textures, in memory. */
function storeOf(count: number, size: number): PixelStore & { images: Uint8Array[] } {
  const images = Array.from({ length: count }, (_, i) => texture(i, size));
  const read = (positions: ArrayLike<number>, into: Uint8Array) =>
    Array.from(positions, (position, i) => into.set(images[position]!, i * size * size * 3));
  return {
    images,
    size,
    bytesPerImage: size * size * 3,
    read: (p: ArrayLike<number>, into: Uint8Array) => void read(p, into),
  } as unknown as PixelStore & { images: Uint8Array[] };
}

const positionsOf = (count: number) => Uint32Array.from({ length: count }, (_, i) => i);

/** Principal components of all eight views, by NumPy's singular value decomposition. */
const NUMPY_PCA = `
import json, sys, numpy as np
d = json.load(sys.stdin); s = d["size"]
x = np.array(d["images"], dtype=np.float64).reshape(-1, s, s, 3)
x = (x / 255 - np.array(d["mean"])) / np.array(d["std"])
views = np.concatenate([f(t(x)) for t in (lambda a: a, lambda a: a.transpose(0, 2, 1, 3))
  for f in (lambda a: a, lambda a: a[:, ::-1], lambda a: a[:, :, ::-1], lambda a: a[:, ::-1, ::-1])]).reshape(-1, s * s * 3)
mean = views.mean(0)
u, w, v = np.linalg.svd(views - mean, full_matrices=False)
q = np.array(d["directions"]).reshape(s * s * 3, -1)
k = q.shape[1]
p = v[:k].T
print(json.dumps({"variances": (w[:k] ** 2 / len(views)).tolist(), "total": float((w ** 2).sum() / len(views)),
  "captured": float(((views - mean) @ q).var(0).sum()), "orthogonality": float(abs(q.T @ q - np.eye(k)).max()),
  "mean": (mean @ q).tolist()}))`;

for (const size of [12, 9]) {
  test(`the basis of ${size}x${size} images is NumPy's principal basis of their eight views`, {
    skip: withoutPython(),
  }, async () => {
    const store = storeOf(40, size);
    const basis = await principalBasis(store, positionsOf(40), SCALE, {
      rank: 24,
      seed: 1,
      progress: silentProgress,
      iterations: 6,
    });
    const numpy = await runPython<{
      variances: number[];
      total: number;
      captured: number;
      orthogonality: number;
      mean: number[];
    }>(NUMPY_PCA, {
      ...{ size, ...SCALE },
      images: store.images.map((image) => [...image]),
      directions: [...basis.directions],
    });
    assert.ok(Math.abs(basis.totalVariance / numpy.total - 1) < 1e-4);
    assert.ok(numpy.orthogonality < 1e-4, `orthogonality ${numpy.orthogonality}`);
    const best = numpy.variances.slice(0, basis.rank).reduce((a, b) => a + b, 0);
    assert.ok(numpy.captured / best > 0.995, `captures ${numpy.captured} of ${best}`);
    for (const [i, variance] of basis.variances.entries()) {
      assert.ok(Math.abs(variance / numpy.variances[i]! - 1) < 0.02, `variance ${i}`);
    }
    for (const [i, value] of basis.mean.entries()) assert.ok(Math.abs(value - numpy.mean[i]!) < 1e-3);
  });
}

test("a view of the image is a change of signs and places in its coordinates", async () => {
  const size = 12;
  const store = storeOf(30, size);
  const basis = await principalBasis(store, positionsOf(30), SCALE, { rank: 20, seed: 1, progress: silentProgress });
  const projection = whitenedProjection(basis, 0.5);
  const coordinatesOf = (images: Uint8Array) => {
    const one = { ...store, read: (_: ArrayLike<number>, into: Uint8Array) => into.set(images) } as PixelStore;
    return project(pixelExamples(one, [0], [0], SCALE), projection, () => undefined);
  };
  const original = await coordinatesOf(store.images[3]!);
  for (let view = 0; view < 8; view++) {
    const turned = new Uint8Array(size * size * 3);
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        const [r, c] = [view & 2 ? size - 1 - row : row, view & 1 ? size - 1 - column : column];
        const from = view & 4 ? c * size + r : r * size + c;
        for (let k = 0; k < 3; k++) turned[(row * size + column) * 3 + k] = store.images[3]![from * 3 + k]!;
      }
    }
    const expected = await coordinatesOf(turned);
    const { source, sign } = viewOfCoordinates(basis.classes, view);
    for (const [i, value] of expected.entries()) {
      assert.ok(Math.abs(value - sign[i]! * original[source[i]!]!) < 1e-3, `view ${view}, coordinate ${i}`);
    }
  }
});

test("whitening divides by a power of the deviation and keeps the mean square at one", async () => {
  const store = storeOf(50, 10);
  const basis = await principalBasis(store, positionsOf(50), SCALE, { rank: 12, seed: 1, progress: silentProgress });
  const examples = pixelExamples(store, positionsOf(50), new Uint8Array(50), SCALE);
  for (const whitening of [0, 0.5, 1]) {
    const z = await project(examples, whitenedProjection(basis, whitening), () => undefined);
    const views = coordinateExamples(z, basis.classes, new Uint8Array(50), 0);
    let sum = 0;
    for (let epoch = 0; epoch < 40; epoch++)
      sum += tf.tidy(() => tf.sum(tf.square(views.inputs(positionsOf(50), epoch))).dataSync()[0]!);
    assert.ok(Math.abs(sum / 40 / z.length - 1) < 0.1, `mean square ${sum / 40 / z.length}`);
  }
});

test("a basis has no more directions than its images vary in, and views of other images turn as they should", async () => {
  // Six images: five directions around their mean in A1, six in each of B1, B2 and A2, and twice twelve in E.
  const [few, size] = [6, 12];
  const store = storeOf(20, size);
  const rank = 64;
  const basis = await principalBasis(store, positionsOf(few), SCALE, { rank, seed: 0, progress: silentProgress });
  assert.equal(basis.rank, 5 + 3 * 6 + 2 * 12);
  const projection = whitenedProjection(basis, 1);
  const others = positionsOf(20).slice(few);
  const examples = pixelExamples(store, others, new Uint8Array(others.length), SCALE);
  const plain = await project(examples, projection, () => undefined);
  const viewed = coordinateExamples(plain, basis.classes, examples.labels, 0);
  for (let view = 1; view < 8; view++) {
    const turned = { ...examples, inputs: (some: Uint32Array) => examples.inView!(some, view) };
    const expected = await project(turned, projection, () => undefined);
    const found = [...(await viewed.inView!(positionsOf(others.length), view).data())];
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    const apart = found.reduce((most, value, i) => Math.max(most, Math.abs(value - (expected[i] as number))), 0);
    assert.ok(apart < 1e-3 * largest, `view ${view}: ${apart} of ${largest}`);
  }
});

test("a basis that is stopped in any of its passes leaves no tensors behind", async () => {
  const store = storeOf(20, 10);
  const basisOf = (progress: Progress, signal?: AbortSignal) =>
    principalBasis(store, positionsOf(20), SCALE, { rank: 8, seed: 0, progress, ...(signal && { signal }) });
  await basisOf(silentProgress);
  const before = tf.memory().numTensors;
  for (const passes of [1, 2, 4, 5]) {
    const controller = new AbortController();
    const update = (done: number) => done >= passes * 20 && controller.abort(new Interrupted());
    const progress = {
      say: () => undefined,
      start: () => ({ update, finish: () => undefined }),
    } as unknown as Progress;
    await assert.rejects(basisOf(progress, controller.signal), Interrupted);
    assert.equal(tf.memory().numTensors, before, `after ${passes} passes`);
  }
});

test("images that do not differ have no subspace", async () => {
  const store = storeOf(4, 8);
  for (const image of store.images) image.fill(123);
  const options = { rank: 3, seed: 1, progress: silentProgress };
  await assert.rejects(principalBasis(store, positionsOf(4), SCALE, options), {
    code: "SUBSPACE_EMPTY",
    message: /do not differ/,
  });
});
