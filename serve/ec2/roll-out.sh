#!/bin/sh
# Has every running server start the images, one after the other; stops at the first that does not get ready (that one
# has gone back to the image it had). Usage: roll-out.sh NAME SERVER-IMAGE TOOLS-IMAGE, images as NAME/REPOSITORY@sha256:...
set -eu

name=${1:?"usage: roll-out.sh NAME SERVER-IMAGE TOOLS-IMAGE"}
server=${2:?"usage: roll-out.sh NAME SERVER-IMAGE TOOLS-IMAGE"}
tools=${3:?"usage: roll-out.sh NAME SERVER-IMAGE TOOLS-IMAGE"}

# One machine at a time, none after a failure: SSM does the rolling itself.
command=$(aws ssm send-command --document-name "$name-deploy" --targets "Key=tag:role,Values=$name-server" \
  --parameters "image=$server,tools=$tools" --max-concurrency 1 --max-errors 0 --timeout-seconds 600 \
  --query Command.CommandId --output text)
echo "command $command"

attempt=0
status=Pending
while [ "$attempt" -lt 180 ]; do
  status=$(aws ssm list-commands --command-id "$command" --query 'Commands[0].Status' --output text)
  case "$status" in
    Pending | InProgress | Cancelling) ;;
    *) break ;;
  esac
  attempt=$((attempt + 1))
  sleep "${HISTO_POLL_SECONDS:-10}"
done
aws ssm list-command-invocations --command-id "$command" --details --output json |
  jq --raw-output '.CommandInvocations[] | "\(.InstanceId) \(.Status)\n\(.CommandPlugins[0].Output // "")"'
echo "$status"
[ "$status" = Success ]
