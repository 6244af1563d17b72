#!/usr/bin/env bash
# `mlflow server` 3.17.2 changes the schema of a SQLite store that MLflow 2.9.2 wrote as soon as it starts, without being asked, without
# a copy and without naming the store; MLflow 2.9.2 cannot open the store afterwards ("Can't locate revision").
#
# Expected: the refusal that MLflow has for an older schema ("Detected out-of-date database schema"), which asks for a backup and
# for `mlflow db upgrade`.
# Why it matters here: a team that tries a newer server on its store cannot go back. `npm run mlflow` keeps a copy first.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv old && old/bin/pip install --quiet --disable-pip-version-check mlflow==2.9.2 sqlalchemy==2.0.38 setuptools==75.8.0
python3 -m venv new && new/bin/pip install --quiet --disable-pip-version-check mlflow==3.17.2
export PYTHONWARNINGS=ignore
make='from mlflow import MlflowClient; MlflowClient("sqlite:///store.db").create_experiment("first")'
old/bin/python -c "$make" >old.log 2>&1
revision() { python3 -c 'import sqlite3; print(sqlite3.connect("store.db").execute("select version_num from alembic_version").fetchone()[0])'; }
before=$(revision)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
new/bin/mlflow server --backend-store-uri sqlite:///store.db --host 127.0.0.1 --port "$port" --workers 1 >server.log 2>&1 &
server=$!
for _ in $(seq 240); do
  if python3 -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$port/health')" 2>/dev/null; then break; fi
  sleep 1
done
after=$(revision)
read='from mlflow import MlflowClient; print(len(MlflowClient("sqlite:///store.db").search_experiments()))'
if old/bin/python -c "$read" >read.log 2>&1; then answer="reads the store"; else answer=$(grep -o "Can't locate revision" read.log | tail -1 || true); fi
copies=$(find . -maxdepth 1 -name 'store*' | wc -l)
echo "schema before: $before; after the start of mlflow server 3.17.2: $after; files of the store: $copies; MLflow 2.9.2 then: $answer"
[ "$before" != "$after" ] && [ "$copies" = 1 ] && [ "$answer" = "Can't locate revision" ]
