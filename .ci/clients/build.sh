#!/usr/bin/env bash
# Puts the clients into a directory: whoami.sh, whoami.py, whoami.mjs with its modules, and whoami-go.
# Also replacements for tools that Debian lacks, or has in an older form: see there.
# Usage: build.sh DIRECTORY
set -euo pipefail
target=$(realpath "$1")
. "$(dirname "$0")/../env.sh"

cp -r .ci/clients/. "$target"
npm ci --prefix "$target" --ignore-scripts --no-audit --no-fund --loglevel=error
CGO_ENABLED=0 go build -o "$target/whoami-go" ./ci/clients/whoami
