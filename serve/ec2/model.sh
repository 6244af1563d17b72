#!/bin/sh
# Copies a released model from S3 to the shared volume, makes it the current one and has the server load it.
# The one before stays on the volume: to go back, give its name. Usage: model.sh NAME
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

if [ ! -f "$releases/$name/model.json" ]; then
  mkdir -p "$releases"
  rm -rf "$releases/$name.part"
  aws s3 cp --only-show-errors --recursive "$HISTO_RELEASES/$name/" "$releases/$name.part/"
  [ -f "$releases/$name.part/model.json" ] || {
    echo "model.sh: $HISTO_RELEASES/$name has no model.json" >&2
    exit 1
  }
  mv "$releases/$name.part" "$releases/$name"
fi
ln -sfn "releases/$name" "$volume/current.new"
mv -T "$volume/current.new" "$volume/current"
# A running server loads the model beside the one it has, checks its files and its golden image, and only then changes
# over. On a new machine none runs yet, for want of a model.
server=$(docker ps --quiet --filter label=com.docker.compose.service=server)
if [ -n "$server" ]; then
  docker kill --signal HUP "$server" >/dev/null
else
  ./deploy.sh "$(sed -n 's/^HISTO_SERVER_IMAGE=//p' current.env)"
fi
echo "current model: $name"
