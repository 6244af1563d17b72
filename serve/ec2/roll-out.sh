#!/bin/sh
# Has every running server start the images, one after the other; stops at the first that does not get ready. That one goes
# back by itself to the server's image it had, and those before it are sent back to the recorded images.
# Usage: roll-out.sh NAME SERVER-IMAGE TOOLS-IMAGE, images as NAME/REPOSITORY@sha256:...
set -eu

name=${1:?"usage: roll-out.sh NAME SERVER-IMAGE TOOLS-IMAGE"}
server=${2:?"usage: roll-out.sh NAME SERVER-IMAGE TOOLS-IMAGE"}
tools=${3:?"usage: roll-out.sh NAME SERVER-IMAGE TOOLS-IMAGE"}

# The image that machines to come would start, without the registry; empty before there is one.
recorded() {
  aws ssm get-parameter --name "/$name/server/$1" --query Parameter.Value --output text | sed 's,^[^/]*/,,'
}

# Runs the document on the machines of a target: one at a time, none after a failure. SSM does the rolling itself. It is
# awaited for 50 minutes; going back takes as long at most, and the workflow's credentials hold for both. Sets $status to the outcome and $ready to the machines that have started the images, separated by commas.
start() {
  command=$(aws ssm send-command --document-name "$name-deploy" --targets "$1" --parameters "image=$2,tools=$3" \
    --max-concurrency 1 --max-errors 0 --timeout-seconds 600 --query Command.CommandId --output text)
  echo "command $command"
  end=$(($(date +%s) + ${HISTO_WAIT_SECONDS:-3000}))
  status=Pending
  while [ "$(date +%s)" -lt "$end" ]; do
    status=$(aws ssm list-commands --command-id "$command" --query 'Commands[0].Status' --output text)
    case "$status" in
      Pending | InProgress | Cancelling) ;;
      *) break ;;
    esac
    sleep "${HISTO_POLL_SECONDS:-10}"
  done
  invocations=$(aws ssm list-command-invocations --command-id "$command" --details --output json)
  printf '%s' "$invocations" |
    jq --raw-output '.CommandInvocations[] | "\(.InstanceId) \(.Status)\n\(.CommandPlugins[0].Output // "")"'
  ready=$(printf '%s' "$invocations" |
    jq --raw-output '[.CommandInvocations[] | select(.Status == "Success") | .InstanceId] | join(",")')
  echo "$status"
}

server_before=$(recorded image)
tools_before=$(recorded tools)
start "Key=tag:role,Values=$name-server" "$server" "$tools"
if [ "$status" = Success ] && [ -n "$ready" ]; then exit 0; fi
case "$status" in
  Pending | InProgress | Cancelling)
    echo "roll-out.sh: $command has not ended; nothing is sent back before it has" >&2
    exit 1
    ;;
esac
if [ -z "$ready" ]; then
  echo "roll-out.sh: no server has started $server" >&2
elif [ -z "$server_before" ] || [ -z "$tools_before" ]; then
  echo "roll-out.sh: $ready stay on $server: no images before are recorded, or they cannot be read" >&2
elif [ "$server_before $tools_before" != "$server $tools" ]; then
  echo "roll-out.sh: $ready back to $server_before" >&2
  start "Key=InstanceIds,Values=$ready" "$server_before" "$tools_before"
fi
exit 1
