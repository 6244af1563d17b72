#!/usr/bin/env bash
# skl2onnx 1.20.0 converts nearest neighbours that are weighted by distance to ones that count alike: with neighbours 0.1, 0.9 and 1.9 away
# the two far ones outvote the near one, and the class is another. It takes the larger of 1e-6 and the distance with a minus, so that
# every distance is 1e-6.
#
# Expected: the probabilities of scikit-learn, 1 at an example of the class itself; or an error, as for weights given as a function.
# Why it matters: neighbours among the features of a frozen network are a usual first classifier of tissue, and weights by distance let
# a rare class count. The probabilities are plausible; only a comparison shows that they are of another model.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  skl2onnx==1.20.0 scikit-learn==1.9.1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import sys
import numpy
import skl2onnx
import sklearn
from onnxruntime import InferenceSession
from sklearn.neighbors import KNeighborsClassifier

features, labels = numpy.float32([[0], [1], [2], [10]]), [0, 1, 1, 0]
tiles = numpy.float32([[0.1], [0], [1.9]])
probabilities = {}
for weights in ("uniform", "distance"):
    model = KNeighborsClassifier(3, weights=weights).fit(features, labels)
    converted = skl2onnx.to_onnx(model, features[:1], options={"zipmap": False}, target_opset=18)
    session = InferenceSession(converted.SerializeToString(), providers=["CPUExecutionProvider"])
    given = session.run(["probabilities"], {session.get_inputs()[0].name: tiles})[0][:, 1]
    probabilities[weights] = model.predict_proba(tiles)[:, 1], given
    print(f"{weights}: scikit-learn {sklearn.__version__} {probabilities[weights][0].round(3)}, "
          f"skl2onnx {skl2onnx.__version__} {given.round(3)}")
uniform, distance = probabilities["uniform"], probabilities["distance"]
right = numpy.allclose(*uniform) and numpy.allclose(distance[0], [0.141, 0, 0.955], atol=1e-3)
sys.exit(0 if right and numpy.allclose(distance[1], uniform[0]) else 1)
PY
