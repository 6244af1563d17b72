#!/usr/bin/env bash
# BinaryAUROC of torchmetrics 1.9.0 gives other areas for the same logits in other batches: it applies the sigmoid to a batch only if
# one of its values is outside 0 to 1, and ranks both kinds of batches together.
#
# Expected: one area, that of the logits' order; the sigmoid does not change an order.
# Why it matters: logits of doubtful tiles lie between 0 and 1. The area depends on the batch size and on the order of the tiles, and
# selects another epoch. (Installs PyTorch.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torchmetrics==1.9.0 torch==2.12.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import sys
import torch
import torchmetrics
from torchmetrics.classification import BinaryAUROC

logits = torch.tensor([0.2, 0.9, 0.4, 0.6, -2.0, 3.0, -1.0, 2.5])
labels = torch.tensor([0, 1, 0, 1, 0, 1, 1, 0])
ahead = [(a > b).item() for a in logits[labels == 1] for b in logits[labels == 0]]
areas = {}
for size in (8, 4):
    metric = BinaryAUROC()
    for batch in zip(logits.split(size), labels.split(size)):
        metric.update(*batch)
    areas[size] = metric.compute().item()
    print(f"torchmetrics {torchmetrics.__version__}, batches of {size}: area {areas[size]}")
print(f"pairs in the right order: {sum(ahead) / len(ahead)}")
sys.exit(0 if areas == {8: 0.6875, 4: 0.75} and sum(ahead) / len(ahead) == 0.6875 else 1)
PY
