#!/bin/sh
# Copies a released model from S3 to the shared volume, makes it the current one and has the server load it; goes back to
# the one before when the server does not take it. That one stays on the volume: to go back later, give its name.
# Usage: model.sh NAME
set -eu

name=${1:?"usage: model.sh NAME"}
case "$name" in
  *[!A-Za-z0-9._-]* | .*)
    echo "model.sh: a model's name has letters, digits, dots, hyphens and underscores only" >&2
    exit 2
    ;;
esac
cd "$(dirname "$0")"
# shellcheck source=/dev/null
. ./host.env
volume=${HISTO_MODEL_VOLUME:-/srv/models}
releases="$volume/releases"
# Other machines may do the same on the same volume.
own="$(hostname).$$"

use() {
  ln -sfn "$1" "$volume/.current.$own"
  mv -T "$volume/.current.$own" "$volume/current"
}

# What a run left that was killed while it copied: of this machine at once, of others after a day.
for left in "$releases"/.*."$(hostname)".* "$volume"/.current."$(hostname)".*; do
  kill -0 "${left##*.}" 2>/dev/null || rm -rf "$left"
done
find "$releases" -mindepth 1 -maxdepth 1 -name '.*' -mmin +1440 -exec rm -rf {} + 2>/dev/null || true

# What this machine's server took last. The volume's link may be of another machine that has taken the new model already.
previous=$(cat taken 2>/dev/null || readlink "$volume/current" || true)
echo "model before: ${previous:-none}"
if [ ! -f "$releases/$name/model.json" ]; then
  part="$releases/.$name.$own"
  trap 'rm -rf "$part"' EXIT
  mkdir -p "$releases"
  aws s3 cp --only-show-errors --recursive "$HISTO_RELEASES/$name/" "$part/"
  [ -f "$part/model.json" ] || {
    echo "model.sh: $HISTO_RELEASES/$name has no model.json" >&2
    exit 1
  }
  # Fails where another machine was faster.
  mv -T "$part" "$releases/$name" || [ -f "$releases/$name/model.json" ]
fi
use "releases/$name"
# A running server loads the model beside the one it has, checks its files and its golden image, and only then changes
# over. On a new machine none runs yet, for want of a model; one whose model is damaged does not keep running.
server=$(docker ps --quiet --filter label=com.docker.compose.service=server --filter status=running)
take() {
  if [ -n "$server" ]; then
    docker kill --signal HUP "$server" >/dev/null &&
      docker exec "$server" node dist/serve/server/await-model.js http://127.0.0.1:8080 /models/current 300
  else
    ./deploy.sh "$(sed -n 's/^HISTO_SERVER_IMAGE=//p' current.env)"
  fi
}
if ! take; then
  echo "model.sh: the server did not take $name; its log says why" >&2
  if [ -z "$previous" ]; then
    # No server gets ready with it: the next image would wait for it in vain.
    rm -f "$volume/current"
    docker ps --all --quiet --filter label=com.docker.compose.service=server | xargs --no-run-if-empty docker rm --force >&2
  elif [ "$previous" != "releases/$name" ]; then
    use "$previous"
    [ -z "$server" ] || docker kill --signal HUP "$server" >/dev/null
    echo "model.sh: back to $previous" >&2
  fi
  exit 1
fi
echo "releases/$name" >taken
echo "current model: $name"
