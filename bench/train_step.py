"""Times steps of the same MLP in PyTorch: train_step.py PRECISION SIZE STEPS [HIDDEN]. Prints {"seconds", "peakBytes"}."""

import json
import resource
import sys

import torch

from peer_mlp import mlp
from step_times import time_steps

precision, size, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.manual_seed(0)
torch.set_float32_matmul_precision("highest" if precision == "fp32" else "medium")
inputs, batch = size * size * 3, 64
hidden = [int(units) for units in (sys.argv[4] if len(sys.argv) > 4 else "2352,2352,294").split(",")]
model = mlp(inputs, hidden)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-6, fused=True)
pixels = (torch.arange(batch * inputs) % 251).to(torch.uint8).reshape(batch, inputs)
labels = (torch.arange(batch) % 2).float().reshape(-1, 1)
loss = torch.nn.BCEWithLogitsLoss()


def step():
    optimizer.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "autocast"):
        logits = model((pixels.float() / 255 - 0.5) / 0.25)
    value = loss(logits.float(), labels)
    value.backward()
    optimizer.step()


seconds = time_steps(steps, step)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"seconds": seconds, "peakBytes": peak}))
