#!/usr/bin/env bash
# Builds the image as a runner does, and compares it with what the release tool builds without Docker.
set -euo pipefail
. "$(dirname "$0")/env.sh"

.ci/builder-image.sh
docker build -t "$IMAGE" -f Dockerfile .

# What a release pulls in its place is the same program.
go -C release test -tags=container -count=1 -run Dockerfile . -image="$IMAGE"
