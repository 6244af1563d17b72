#!/bin/sh
# Waits for ECR's scan of a pushed image and fails when it found something critical. Usage: scan-image.sh REPOSITORY DIGEST
set -eu

repository=${1:?"usage: scan-image.sh REPOSITORY DIGEST"}
digest=${2:?"usage: scan-image.sh REPOSITORY DIGEST"}

# Just after the push ECR does not know the scan yet, which the CLI's own waiter takes for a failure. Enhanced scanning
# watches an image for good (ACTIVE). With it, a scan can have that status, and COMPLETE too, before it has an outcome.
attempt=0
status=unknown
outcome=
while [ "$attempt" -lt 60 ]; do
  findings=$(aws ecr describe-image-scan-findings --repository-name "$repository" --image-id "imageDigest=$digest" \
    --output json) || findings='{}'
  status=$(printf '%s' "$findings" | jq --raw-output '.imageScanStatus.status // "unknown"')
  case "$status" in
    unknown | PENDING | IN_PROGRESS) ;;
    COMPLETE | ACTIVE)
      outcome=$(printf '%s' "$findings" | jq --raw-output '.imageScanFindings.imageScanCompletedAt // empty')
      [ -z "$outcome" ] || break
      ;;
    *) break ;;
  esac
  attempt=$((attempt + 1))
  sleep "${HISTO_POLL_SECONDS:-5}"
done
if [ -z "$outcome" ]; then
  echo "$repository@$digest: the scan has no outcome, its status is $status" >&2
  exit 1
fi
critical=$(printf '%s' "$findings" | jq '.imageScanFindings.findingSeverityCounts.CRITICAL // 0')
if [ "$critical" -gt 0 ]; then
  echo "$repository@$digest: $critical critical vulnerabilities" >&2
  exit 1
fi
echo "$repository@$digest: nothing critical"
