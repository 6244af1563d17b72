"""The peer of coordinates-worker.ts: coordinates.py IMAGES RANK EPOCHS. Prints {"seconds", "peakBytes"}."""

import json
import resource
import sys

import torch

from peer_mlp import mlp
from step_times import time_steps

images, rank, epochs = (int(number) for number in sys.argv[1:4])
torch.manual_seed(0)
torch.set_float32_matmul_precision("medium")
coordinates, labels = 2 * torch.rand(images, rank) - 1, (torch.arange(images) % 2).float().reshape(-1, 1)
model = mlp(rank, [2352, 2352, 294])
optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, fused=True)
loss = torch.nn.BCEWithLogitsLoss()


def epoch():
    order = torch.randperm(images)
    for start in range(0, images, 64):
        some = order[start : start + 64]
        optimizer.zero_grad()
        loss(model(coordinates[some]), labels[some]).backward()
        optimizer.step()


seconds = time_steps(epochs, epoch)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"seconds": seconds, "peakBytes": peak}))
