#!/bin/sh
# Invokes a version or an alias of the function with GET /readyz: it is ready when a golden image gave its stored logit.
# Usage: smoke-test.sh FUNCTION QUALIFIER
set -eu

function=${1:?"usage: smoke-test.sh FUNCTION QUALIFIER"}
qualifier=${2:?"usage: smoke-test.sh FUNCTION QUALIFIER"}
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

event='{"version":"2.0","rawPath":"/readyz","rawQueryString":"","headers":{},"requestContext":{"http":{"method":"GET","path":"/readyz"}},"isBase64Encoded":false}'
fault=$(aws lambda invoke --function-name "$function" --qualifier "$qualifier" --payload "$event" \
  --cli-binary-format raw-in-base64-out --query FunctionError --output text "$answer")
if [ "$fault" = None ] && grep -Eq '"statusCode": ?200' "$answer"; then
  echo "ready: $function:$qualifier"
  exit 0
fi
echo "not ready: $function:$qualifier ($fault)" >&2
cat "$answer" >&2
exit 1
