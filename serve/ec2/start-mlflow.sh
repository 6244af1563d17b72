#!/bin/sh
# Starts the MLflow server on its machine; again after the database's password was changed. Goes back to the image before
# when it does not get ready. It listens on this machine only: people reach it through an SSM port forwarding session.
# Usage: start-mlflow.sh IMAGE
set -eu

image=${1:?"usage: start-mlflow.sh IMAGE"}
cd "$(dirname "$0")"
# shellcheck source=/dev/null
. ./host.env

# Encoded: it becomes part of an address, and people choose it when they rotate it.
secret=$(aws secretsmanager get-secret-value --region "$AWS_REGION" --secret-id "$MLFLOW_DATABASE_SECRET" \
  --query SecretString --output text)
password=$(printf '%s' "$secret" |
  python3 -c 'import json, sys, urllib.parse as p; print(p.quote(json.load(sys.stdin)["password"], safe=""))')
# Amazon's certificates for databases, if they were there when the tools were built: then the database's own is checked, too.
if [ -f rds-ca.pem ]; then
  chmod 0644 rds-ca.pem
  encryption="sslmode=verify-full&sslrootcert=/etc/mlflow/rds-ca.pem"
  set -- --volume "$PWD/rds-ca.pem:/etc/mlflow/rds-ca.pem:ro"
else
  encryption=sslmode=require
  set --
fi
umask 077
cat >mlflow.env.new <<EOF
MLFLOW_HOST=0.0.0.0
MLFLOW_PORT=5000
MLFLOW_WORKERS=2
MLFLOW_BACKEND_STORE_URI=postgresql+psycopg2://mlflow:$password@$MLFLOW_DATABASE_HOST:5432/mlflow?$encryption
MLFLOW_ARTIFACTS_DESTINATION=$MLFLOW_ARTIFACTS
MLFLOW_SERVE_ARTIFACTS=true
MLFLOW_SERVER_ALLOWED_HOSTS=localhost,localhost:*,127.0.0.1,127.0.0.1:*
MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false
MLFLOW_DISABLE_TELEMETRY=true
DO_NOT_TRACK=true
AWS_DEFAULT_REGION=$AWS_REGION
EOF
mv mlflow.env.new mlflow.env

start() {
  candidate=$1
  shift
  docker rm --force mlflow >/dev/null 2>&1 || true
  docker run --detach --name mlflow --restart always --init --env-file mlflow.env \
    --publish 127.0.0.1:5000:5000 --volume mlflow-staging:/home/mlflow/staging "$@" \
    --read-only --tmpfs /tmp:size=64m,mode=1777,noexec,nosuid \
    --memory 3g --pids-limit 256 --cap-drop ALL --security-opt no-new-privileges:true \
    --log-driver awslogs --log-opt "awslogs-region=$AWS_REGION" --log-opt "awslogs-group=$HISTO_LOG_GROUP" \
    --log-opt mode=non-blocking "$candidate" >/dev/null || return 1
  attempt=0
  until curl --silent --fail --output /dev/null http://127.0.0.1:5000/health; do
    attempt=$((attempt + 1))
    # A new version of MLflow first changes the tables.
    if [ "$attempt" -ge 150 ]; then
      docker logs --tail 50 mlflow >&2
      return 1
    fi
    sleep "${HISTO_POLL_SECONDS:-2}"
  done
}

# What is here is what the digest names. The registry is not asked for it: a machine is signed in for twelve hours only.
docker image inspect "$image" >/dev/null 2>&1 || docker pull --quiet "$image"
previous=$(docker inspect --format '{{.Config.Image}}' mlflow 2>/dev/null || true)
if ! start "$image" "$@"; then
  echo "not ready: $image" >&2
  if [ -n "$previous" ] && [ "$previous" != "$image" ]; then
    if start "$previous" "$@"; then echo "back to: $previous" >&2; else echo "not ready either: $previous" >&2; fi
  fi
  exit 1
fi
docker image prune --all --force --filter until=168h >/dev/null
echo "ready: $image"
