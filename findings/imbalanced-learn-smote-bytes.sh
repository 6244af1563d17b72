#!/usr/bin/env bash
# SMOTE of imbalanced-learn 0.14.2 makes pixels of bytes that lie outside the two that it mixes: between 10 and 250 it puts 1, 2 and 5.
# It takes the difference of two examples in their own type, where 10 - 250 is 16. So does ADASYN.
#
# Expected: values from 10 to 250, as for the same numbers as float32.
# Why it matters: tiles are bytes, and some balance a data set of tiles by SMOTE on the pixels. The artificial tiles of the rare class
# are noise of the wrong colours, and a network learns the class by that noise.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check imbalanced-learn==0.14.2 scikit-learn==1.9.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import sys
import imblearn
import numpy
from imblearn.over_sampling import ADASYN, SMOTE

common, rare = list(range(90, 110)), [10, 250]
pixels, labels = numpy.array([common + rare]).T, [0] * len(common) + [1] * len(rare)
outside = {}
for method in (SMOTE(k_neighbors=1, random_state=0), ADASYN(n_neighbors=1, random_state=0)):
    for kind in (numpy.uint8, numpy.float32):
        made = method.fit_resample(pixels.astype(kind), labels)[0][len(labels):].ravel()
        name = type(method).__name__
        outside[name, kind] = int(((made < min(rare)) | (made > max(rare))).sum())
        print(f"imbalanced-learn {imblearn.__version__}, {name}, {made.dtype}: {outside[name, kind]} of {made.size} outside "
              f"{min(rare)} to {max(rare)}: {numpy.sort(made).astype(int).tolist()}")
bytes_outside = [count for (_, kind), count in outside.items() if kind is numpy.uint8]
sys.exit(0 if min(bytes_outside) > 0 and sum(outside.values()) == sum(bytes_outside) else 1)
PY
