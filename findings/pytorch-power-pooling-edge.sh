#!/usr/bin/env bash
# LPPool2d of PyTorch 2.12.1 with ceil_mode=True answers too much at the edge where the windows do not divide the picture: it computes the mean of
# the values inside, as average pooling does, and multiplies by the size of a whole window. A half window of 7 and 14 has the sum (p = 1) 42.
#
# Expected: the root of the sum of powers of the values in the window, as the documentation has it: 21.
# Why it matters: the last row and column of a feature map are up to 2 to the 1/p times too large (4 to the 1/p in the corner), only for sizes that do
# not divide, and an exported or hand-written p-norm gives other features. This project has no such layer. (Installs PyTorch.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.12.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import sys
import torch

picture = torch.arange(1, 22, dtype=torch.float32).reshape(1, 1, 3, 7)


def by_definition(p):
    windows = [[picture[0, 0, y : y + 2, x : x + 2] for x in range(0, 7, 2)] for y in range(0, 3, 2)]
    return torch.tensor([[window.pow(p).sum().pow(1 / p) for window in row] for row in windows])


print("PyTorch", torch.__version__)
factors = {}
for p in (1.0, 2.0):
    pooled = torch.nn.LPPool2d(p, (2, 2), ceil_mode=True)(picture)[0, 0]
    factors[p] = pooled / by_definition(p)
    print(f"p = {p:.0f}:", pooled.tolist(), "times the definition:", factors[p].tolist())
edges = torch.tensor([[1.0, 1, 1, 2], [2, 2, 2, 4]])
sys.exit(0 if all(torch.allclose(found, edges.pow(1 / p)) for p, found in factors.items()) else 1)
PY
