#!/bin/sh
# Starts the server in its container: removes what uploads left that a killed server had staged, and brings the tables to
# this version of MLflow (a new database gets them).
set -eu

find "$TMPDIR" -mindepth 1 -delete
mlflow db upgrade "$MLFLOW_BACKEND_STORE_URI"
exec mlflow server
