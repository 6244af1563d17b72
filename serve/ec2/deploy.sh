#!/bin/sh
# Starts a server image on this machine and waits until it is ready; goes back to the one before when it is not.
# Usage: deploy.sh REGISTRY/NAME@sha256:DIGEST
set -eu

image=${1:?"usage: deploy.sh IMAGE"}
cd "$(dirname "$0")"
touch current.env
previous=$(sed -n 's/^HISTO_SERVER_IMAGE=//p' current.env)

start() {
  printf 'HISTO_SERVER_IMAGE=%s\n' "$1" >current.env.new
  mv current.env.new current.env
  docker compose --env-file host.env --env-file current.env -f compose.yaml -f compose.aws.yaml \
    up --detach --wait --wait-timeout 240 server
}

docker pull --quiet "$image"
if start "$image"; then
  docker image prune --all --force --filter until=168h >/dev/null
  echo "ready: $image"
  exit 0
fi
echo "not ready: $image" >&2
docker compose --env-file host.env --env-file current.env -f compose.yaml -f compose.aws.yaml ps --all >&2 || true
if [ -n "$previous" ] && [ "$previous" != "$image" ]; then
  start "$previous"
  echo "back to: $previous" >&2
fi
exit 1
