#!/usr/bin/env bash
# A MetricCollection of torchmetrics 1.9.0 gives the same accuracy for the thresholds 0.5 and 0.7 if no score of its first batch lies
# between them: it compares the counts of its metrics after this batch and computes those that agree only once from then on.
#
# Expected: the same numbers as with compute_groups=False. By its documentation a group holds metrics that count the same and differ
# only in what they make of the counts; these two count differently.
# Why it matters: curves of accuracy over thresholds become stairs, and a threshold chosen from them is wrong; the numbers depend on which
# tiles come first. (Installs PyTorch.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torchmetrics==1.9.0 torch==2.12.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import sys
import torch
import torchmetrics
from torchmetrics.classification import BinaryAccuracy

CLEAR = torch.tensor([0.1, 0.9, 0.2, 0.95]), torch.tensor([0, 1, 0, 1])
DOUBTFUL = torch.tensor([0.6, 0.6, 0.6, 0.6]), torch.tensor([0, 0, 0, 0])


def accuracies(batches, **options):
    metrics = {f"at {percent} %": BinaryAccuracy(threshold=percent / 100) for percent in (50, 70)}
    collection = torchmetrics.MetricCollection(metrics, **options)
    for batch in batches:
        collection.update(*batch)
    return {name: value.item() for name, value in collection.compute().items()}


clear_first, doubtful_first = accuracies([CLEAR, DOUBTFUL]), accuracies([DOUBTFUL, CLEAR])
separate = accuracies([CLEAR, DOUBTFUL], compute_groups=False)
print(f"torchmetrics {torchmetrics.__version__}: {clear_first}; batches swapped: {doubtful_first}; compute_groups=False: {separate}")
right = {"at 50 %": 0.5, "at 70 %": 1.0}
sys.exit(0 if clear_first == {"at 50 %": 0.5, "at 70 %": 0.5} and doubtful_first == separate == right else 1)
PY
