#!/usr/bin/env bash
# MLflow 3.17.2 keeps 0.9 as a run's metric after 0.9 and then 0.1 were logged at the same step in the same millisecond: of such points the
# largest counts. After a clock that was set back, the earlier one counts.
#
# Expected: 0.1, the value that was logged last, as the documentation says of a run's metrics.
# Why it matters here: a metric logged without a step, such as a loss corrected at once, shows its largest value, in the list of
# runs and in what selects a model. A run of this project gives each point of a step a later time.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mlflow==3.17.2
PYTHONWARNINGS=ignore venv/bin/python - 2>log.txt <<'PY'
import sys
import mlflow
from mlflow import MlflowClient

client = MlflowClient("sqlite:///store.db")
experiment = client.create_experiment("first")


def kept(*times):
    run = client.create_run(experiment).info.run_id
    for value, time in zip((0.9, 0.1), times):
        client.log_metric(run, "loss", value, timestamp=time, step=0)
    return client.get_run(run).data.metrics["loss"]


seen = {name: kept(*times) for name, times in (("one millisecond", (5, 5)), ("clock set back", (9, 5)), ("later", (5, 6)))}
print(f"MLflow {mlflow.__version__}, 0.9 and then 0.1 at step 0: {seen}")
sys.exit(0 if seen == {"one millisecond": 0.9, "clock set back": 0.9, "later": 0.1} else 1)
PY
