#!/usr/bin/env bash
# PCA of scikit-learn 1.9.1 reports a component that the data do not have: 2000 rows of 20 independent features around 1000 with variance 1,
# as float32, get a first component many times as strong. Its automatic choice for many rows forms the covariance without
# subtracting the mean first, in the precision of the data.
#
# Expected: variances near 1, as svd_solver="full" gives for the same numbers, or a calculation in double precision.
# Why it matters: float32 is the usual precision of features. The leading direction is noise of the rounding, and so is what is projected
# on it. This project subtracts the mean before it forms the covariance.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import sys
import numpy
import sklearn
from sklearn.decomposition import PCA

features = (1000 + numpy.random.default_rng(0).standard_normal((2000, 20))).astype(numpy.float32)
first = {}
for name, data, solver in (("float32", features, "auto"), ("float32, full", features, "full"), ("float64", features.astype(float), "auto")):
    variances = PCA(svd_solver=solver).fit(data).explained_variance_
    first[name] = variances[0]
    print(f"scikit-learn {sklearn.__version__}, {name}: the largest variances {variances[:3].round(2)}")
sys.exit(0 if first["float32"] > 4 and 1 < first["float32, full"] < 1.5 and 1 < first["float64"] < 1.5 else 1)
PY
