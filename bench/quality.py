"""The peer of the quality benchmark: quality.py TILES.json SEED EPOCHS. Prints {"testAuc"}.

The same MLP on the same split with the same augmentation, loss, optimizer, and choice of the best epoch, in PyTorch.
"""

import json
import sys

import numpy as np
import torch
from PIL import Image

tiles = json.load(open(sys.argv[1]))
seed, epochs = int(sys.argv[2]), int(sys.argv[3])
torch.manual_seed(seed)
mean, std = (torch.tensor(tiles[k]) for k in ("mean", "std"))


def load(partition):
    rows = [t for t in tiles["tiles"] if t["partition"] == partition]
    pixels = np.stack([np.asarray(Image.open(t["path"]).convert("RGB")) for t in rows])
    x = (torch.from_numpy(pixels).float() / 255 - mean) / std
    return x, torch.tensor([[float(t["label"])] for t in rows])


def auc(logits, labels):
    order = torch.argsort(logits.flatten())
    ranks = torch.empty(len(order), dtype=torch.float64)
    ranks[order] = torch.arange(1, len(order) + 1, dtype=torch.float64)
    positive = labels.flatten() > 0.5
    n = int(positive.sum())
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * (len(labels) - n)))


def turned(x):
    views = torch.randint(0, 8, (len(x),))
    out = x.clone()
    for view in range(1, 8):
        some = views == view
        t = x[some].transpose(1, 2) if view & 4 else x[some]
        out[some] = torch.flip(t, [axis for bit, axis in ((1, 2), (2, 1)) if view & bit])
    return out


(train, y), (validation, vy), (test, ty) = (load(p) for p in ("train", "validation", "test"))
layers = [train[0].numel(), *tiles["hidden"]]
modules = []
for a, b in zip(layers, layers[1:]):
    linear = torch.nn.Linear(a, b)
    torch.nn.init.xavier_uniform_(linear.weight)
    torch.nn.init.zeros_(linear.bias)
    modules += [linear, torch.nn.ReLU(), torch.nn.Dropout(tiles["dropout"])]
model = torch.nn.Sequential(*modules, torch.nn.Linear(layers[-1], 1))
optimizer = torch.optim.Adam(model.parameters(), lr=tiles["lr"], fused=True)
loss = torch.nn.BCEWithLogitsLoss()
best, at_best = -1.0, 0.0
for _ in range(epochs):
    model.train()
    order = torch.randperm(len(train))
    for start in range(0, len(train), 64):
        some = order[start : start + 64]
        optimizer.zero_grad()
        loss(model(turned(train[some]).flatten(1)), y[some]).backward()
        optimizer.step()
    model.eval()
    with torch.inference_mode():
        score = auc(model(validation.flatten(1)), vy)
        if score > best:
            best, at_best = score, auc(model(test.flatten(1)), ty)
print(json.dumps({"testAuc": at_best}))
