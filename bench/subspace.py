"""The peer of the subspace benchmark: subspace.py SIZE TILES RANK, TILES a file of raw pixels. Prints {"basisSeconds", "explained"}.

A randomized range finder over all eight views of every image, in batches: the views of a batch are made on the fly, as
they do not fit in memory together.
"""

import json
import sys
import time

import numpy as np
import torch

size, tiles, rank = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
torch.manual_seed(0)
torch.set_float32_matmul_precision("medium")
pixels = torch.from_numpy(np.fromfile(tiles, np.uint8).reshape(-1, size, size, 3))
images = len(pixels)
dimensions, width, batch = size * size * 3, rank + 16, 64


def views(start):
    z = (pixels[start : start + batch].float() / 255 - 0.5) / 0.25
    for t in (z, z.transpose(1, 2)):
        for flips in ((), (1,), (2,), (1, 2)):
            yield torch.flip(t, flips).reshape(len(z), dimensions)


def each():
    for start in range(0, images, batch):
        yield from views(start)


with torch.inference_mode():
    started = time.perf_counter()
    mean = sum(v.sum(0) for v in each()) / (8 * images)
    q = torch.linalg.qr(torch.randn(dimensions, width))[0]
    for _ in range(3):
        product = torch.zeros(dimensions, width)
        for v in each():
            v = v - mean
            product.addmm_(v.T, v @ q)
        q = torch.linalg.qr(product)[0]
    gram, total = torch.zeros(width, width), 0.0
    for v in each():
        v = v - mean
        z = v @ q
        gram += z.T @ z
        total += float((v * v).sum())
    values, vectors = torch.linalg.eigh(gram)
    q = q @ vectors[:, -rank:]
    basis_seconds = time.perf_counter() - started
    explained = float(values[-rank:].sum()) / total
print(json.dumps({"basisSeconds": basis_seconds, "explained": explained}))
