#!/bin/sh
# Waits for ECR's scan of a pushed image and fails when it found something critical. Usage: scan-image.sh REPOSITORY DIGEST
set -eu

repository=${1:?"usage: scan-image.sh REPOSITORY DIGEST"}
digest=${2:?"usage: scan-image.sh REPOSITORY DIGEST"}

aws ecr wait image-scan-complete --repository-name "$repository" --image-id "imageDigest=$digest"
critical=$(aws ecr describe-image-scan-findings --repository-name "$repository" --image-id "imageDigest=$digest" \
  --output json | jq '.imageScanFindings.findingSeverityCounts.CRITICAL // 0')
if [ "$critical" -gt 0 ]; then
  echo "$repository@$digest: $critical critical vulnerabilities" >&2
  exit 1
fi
echo "$repository@$digest: nothing critical"
