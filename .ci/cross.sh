#!/usr/bin/env bash
# Vets what is released for macOS and Windows, and builds its tests there, on one architecture each: nothing here
# depends on the architecture. The tests are not run, as only Linux is tested.
set -euo pipefail
. "$(dirname "$0")/env.sh"

for target in darwin/arm64 windows/amd64; do
  echo "-- $target"
  export GOOS=${target%/*} GOARCH=${target#*/} CGO_ENABLED=0
  go vet ./...
  go test -vet=off -run '^$' -exec true ./... | { grep -v -e '^ok ' -e '\[no test files\]$' || true; }
done
