#!/usr/bin/env bash
# Puts further clients into an existing directory of their own, each of them a command without arguments. Those
# that take long to install come with a second argument only.
# Usage: build.sh DIRECTORY [all]
set -euo pipefail
target=$(realpath "$1")
. "$(dirname "$0")/../../env.sh"

find .ci/clients/more -maxdepth 1 -type f -exec cp -t "$target" {} +
npm ci --prefix "$target" --ignore-scripts --no-audit --no-fund --loglevel=error
CGO_ENABLED=0 go build -C .ci/clients/more/go -o "$target/" ./...

if [ "${2:-}" = all ]; then
  npm install --prefix "$target/serverless" --ignore-scripts --no-audit --no-fund --loglevel=error serverless@3.40.0
fi
