#!/bin/sh
# Starts a server image on this machine and waits until it is ready; goes back to the one before when it is not. On a
# machine without a server, and without a model for one, it only notes the image: model.sh starts it with the first model.
# Usage: deploy.sh REGISTRY/NAME@sha256:DIGEST
set -eu

image=${1:?"usage: deploy.sh IMAGE"}
cd "$(dirname "$0")"
# shellcheck source=/dev/null
. ./host.env
touch current.env
previous=$(sed -n 's/^HISTO_SERVER_IMAGE=//p' current.env)

note() {
  printf 'HISTO_SERVER_IMAGE=%s\n' "$1" >current.env.new
  mv current.env.new current.env
}

start() {
  note "$1"
  docker compose --env-file host.env --env-file current.env -f compose.yaml -f compose.aws.yaml \
    up --detach --wait --wait-timeout 240 server
}

# What is here is what the digest names. The registry is not asked for it: a machine is signed in for twelve hours only.
docker image inspect "$image" >/dev/null 2>&1 || docker pull --quiet "$image"
servers=$(docker ps --all --quiet --filter label=com.docker.compose.service=server)
if [ -z "$servers" ] && [ ! -e "${HISTO_MODEL_VOLUME:-/srv/models}/current" ]; then
  note "$image"
  echo "no model yet: $image"
  exit 0
fi
if start "$image"; then
  docker image prune --all --force --filter until=168h >/dev/null
  echo "ready: $image"
  exit 0
fi
echo "not ready: $image" >&2
docker compose --env-file host.env --env-file current.env -f compose.yaml -f compose.aws.yaml ps --all >&2 || true
if [ -n "$previous" ] && [ "$previous" != "$image" ]; then
  if start "$previous"; then echo "back to: $previous" >&2; else echo "not ready either: $previous" >&2; fi
fi
exit 1
