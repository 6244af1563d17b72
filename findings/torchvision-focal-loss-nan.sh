#!/usr/bin/env bash
# sigmoid_focal_loss of torchvision 0.27.1 has the gradient NaN for an example that is answered rightly with a logit of 17 or more (or -17
# or less, for the other class) if gamma is between 0 and 1. The loss is 0 there. It raises 1 - p to gamma, which float32 rounds to 0,
# where the derivative of such a power is infinite, and multiplies by a derivative that is 0.
#
# Expected: a gradient of almost 0, as that of the same formula in double precision is.
# Why it matters: one easy example in a batch makes all weights NaN, late in a training that went well until then. With gamma 0, 1 or 2 it does
# not happen. This project writes the derivative out (src/training/losses.ts). (Installs PyTorch.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torchvision==0.27.1 torch==2.12.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import sys
import torch
import torchvision
from torchvision.ops import sigmoid_focal_loss

LOGITS, LABELS = [3.0, 16.0, 17.0, 30.0, -30.0], [1.0, 1.0, 1.0, 1.0, 0.0]


def gradient(gamma, kind):
    logits = torch.tensor(LOGITS, dtype=kind, requires_grad=True)
    losses = sigmoid_focal_loss(logits, torch.tensor(LABELS, dtype=kind), gamma=gamma, reduction="none")
    losses.sum().backward()
    print(f"torchvision {torchvision.__version__}, gamma {gamma}, {kind}: losses", *(f"{loss:.1e}" for loss in losses.tolist()),
          "gradient", *(f"{slope:.1e}" for slope in logits.grad.tolist()))
    return logits.grad


print("logits", *LOGITS, "labels", *LABELS)
half, exact = gradient(0.5, torch.float32), gradient(0.5, torch.float64)
others = [gradient(gamma, torch.float32) for gamma in (0.0, 1.0, 2.0)]
finite = all(torch.isfinite(slopes).all() for slopes in (exact, *others))
sys.exit(0 if half.isnan().tolist() == [False, False, True, True, True] and finite else 1)
PY
