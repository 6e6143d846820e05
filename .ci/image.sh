#!/usr/bin/env bash
# Builds the image as a runner does, and the program for both architectures that the image is for.
set -euo pipefail
. "$(dirname "$0")/env.sh"

.ci/builder-image.sh
docker build -t "$IMAGE" -f Dockerfile .

for arch in amd64 arm64; do
  CGO_ENABLED=0 GOARCH=$arch go build -o /dev/null .
  echo "builds for $arch"
done
