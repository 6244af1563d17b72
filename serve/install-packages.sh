#!/bin/sh
# Installs the packages of the lock file in the current folder for an image, and throws away what cannot run there:
# ONNX Runtime's binaries for other systems and processors, and sharp's for musl. Usage: install-packages.sh [x64|arm64]
set -eu

case "${1:-$(uname -m)}" in
  x64 | x86_64 | amd64) cpu=x64 ;;
  arm64 | aarch64) cpu=arm64 ;;
  *)
    echo "install-packages.sh: unknown processor ${1:-$(uname -m)}" >&2
    exit 2
    ;;
esac

# No install script is run: ONNX Runtime's would fetch CUDA libraries, which a CPU image has no use for.
npm ci --omit=dev --ignore-scripts --no-audit --no-fund --os=linux --cpu="$cpu" --libc=glibc

# What the image holds, with versions, licences and hashes, as a CycloneDX document that travels with it.
npm sbom --omit=dev --sbom-format=cyclonedx >sbom.cdx.json
mv sbom.cdx.json node_modules/

for runtime in node_modules/onnxruntime-node/bin/napi-v*; do
  for system in "$runtime"/*; do
    [ "$(basename "$system")" = linux ] || rm -rf "$system"
  done
  for processor in "$runtime"/linux/*; do
    [ "$(basename "$processor")" = "$cpu" ] || rm -rf "$processor"
  done
done
# Type declarations, source maps and documentation are for developers.
find node_modules -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' -o -name '*.md' \) -delete
